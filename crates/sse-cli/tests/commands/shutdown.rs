//! SIGINT and SIGTERM, in the server and in the client.

use std::{
    io::Write,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::support::{
    CLIENT, Listener, Peer, Process, Server, held_stream, stream, unread_listener,
};

#[test]
fn a_signal_ends_200_open_streams_cleanly() {
    for signal in [Signal::INT, Signal::TERM] {
        let server = Server::start(&["-i"]);
        let addr = server.addr();
        let listeners: Vec<_> =
            (0..200).map(|token| Listener::open(addr, &format!("/poll/{token}"))).collect();
        let readers: Vec<_> =
            listeners.into_iter().map(|listener| thread::spawn(|| listener.expect_end())).collect();

        server.signal(signal);
        let ended = server.into_process().wait();

        assert_eq!(ended.code, Some(0), "{signal:?}: {ended:?}");
        for reader in readers {
            reader.join().unwrap();
        }
        assert!(TcpStream::connect(addr).is_err(), "still accepts after {signal:?}");
    }
}

#[test]
fn a_listener_that_does_not_read_is_cut_in_time() {
    let server = Server::start(&[]);
    let _unread = unread_listener(server.addr());
    let start = Instant::now();

    server.signal(Signal::TERM);
    let ended = server.into_process().wait();

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let server = Server::start(&[]);
    let _unread = unread_listener(server.addr());

    server.signal(Signal::TERM);
    server.log_line("shutting down");
    server.signal(Signal::INT);
    let ended = server.into_process().wait();

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("ended at once by a second signal"), "{ended:?}");
}

#[test]
fn a_signal_ends_the_client_with_success() {
    for signal in [Signal::INT, Signal::TERM] {
        let peer = Peer::start([held_stream("data: a\n\n")]);
        let client = Process::start(CLIENT, ["42", "-P", &peer.port()]);
        assert_eq!(client.line(), "Event<,message,a>");

        client.signal(signal);
        let ended = client.wait();

        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{signal:?}");
    }
}

#[test]
fn a_signal_ends_a_client_that_waits_to_reconnect_or_for_standard_input() {
    let peer = Peer::start([stream("data: a\n\n")]);
    let waits = Process::start(CLIENT, ["42", "-r", "4000000000", "-P", &peer.port()]);
    waits.log_line("ended");
    let mut reads = Process::start(CLIENT, ["--stdin"]);
    let mut stdin = reads.stdin();
    stdin.write_all(b"data: a\n\n").unwrap();
    assert_eq!(reads.line(), "Event<,message,a>");

    for client in [waits, reads] {
        client.signal(Signal::INT);
        assert_eq!(client.wait().code, Some(0));
    }
}
