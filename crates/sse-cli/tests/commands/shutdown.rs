//! SIGINT, SIGTERM, SIGHUP and SIGQUIT, in the server and in the client.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::support::{
    CLIENT, Listener, Peer, Process, SERVER, Server, held_stream, stream, unread_listener,
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

#[test]
fn a_signal_waits_for_the_command_that_runs_and_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let (state, go) = (folder.path().join("state"), folder.path().join("go"));
    let script = format!(
        "echo $SSE_ID; until test -e {}; do sleep 0.01; done; test $SSE_ID != 1",
        go.display()
    );
    // The next event is there already, and must not be begun; a command that fails keeps nothing.
    for (events, kept) in [
        ("id: 7\ndata: a\n\nid: 8\ndata: b\n\n", Some("7\n")),
        ("id: 1\ndata: a\n\nid: 8\ndata: b\n\n", None),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let peer = Peer::start([held_stream(events)]);
            let (port, file) = (peer.port(), state.to_str().unwrap());
            let args = ["42", "-P", &port, "--exec", &script, "--state", file];
            let client = Process::start(CLIENT, args);
            client.line();

            client.signal(signal);
            client.log_line("waiting for the command");
            fs::write(&go, "").unwrap();
            let ended = client.wait();

            assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{signal:?}: {ended:?}");
            assert_eq!(fs::read_to_string(&state).ok().as_deref(), kept, "{signal:?}");
            fs::remove_file(&go).unwrap();
            let _ = fs::remove_file(&state);
        }
    }
}

#[test]
fn a_second_signal_ends_the_command_that_runs_and_then_the_client() {
    let peer = Peer::start([held_stream("id: 7\ndata: a\n\n")]);
    // It keeps no pipe open to the test, which waits for the end of both.
    let script = "echo begun; exec sleep 30 >/dev/null 2>&1";
    let client = Process::start(CLIENT, ["42", "-P", &peer.port(), "--exec", script]);
    client.line();
    let start = Instant::now();

    client.signal(Signal::TERM);
    client.log_line("waiting for the command");
    client.signal(Signal::TERM);
    let ended = client.wait();

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("ended by a second signal"), "{ended:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn hangup_and_quit_end_the_server_as_other_signals_do() {
    let servers = [Signal::HUP, Signal::QUIT].map(|signal| {
        let server = Server::start(&["--drain", "1"]);
        let listener = Listener::open(server.addr(), "/poll/42");
        server.signal(signal);
        (signal, server, listener)
    });

    for (signal, server, _listener) in servers {
        let ended = server.into_process().wait();

        assert_eq!(ended.code, Some(0), "{signal:?}: {ended:?}");
        let said = "ending all streams, one after the other";
        assert!(ended.stderr.contains(said), "{signal:?}: {ended:?}");
    }
}

#[test]
fn hangup_or_quit_that_was_ignored_at_the_start_stays_ignored() {
    for (signal, trap) in [(Signal::HUP, "trap '' HUP"), (Signal::QUIT, "trap '' QUIT")] {
        let peer = Peer::start([held_stream("data: a\n\n")]);
        for (program, port) in [(SERVER, "0"), (CLIENT, &peer.port())] {
            // As `nohup` does it.
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{trap}; exec \"$0\" \"$@\""), program, "-P", port]);
            let process = Process::spawn(command.args((program == CLIENT).then_some("42")));
            process.line();

            process.signal(signal);

            let status = fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
            let has_signal = |field: &str| {
                let mask = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
                let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
                mask >> (signal.as_raw() - 1) & 1 == 1
            };
            let is_ignored = has_signal("SigIgn:") && !has_signal("SigCgt:");
            assert!(is_ignored, "{program} {signal:?}: {status}");
            process.signal(Signal::TERM);
            let ended = process.wait();
            assert_eq!(ended.code, Some(0), "{program} {signal:?}: {ended:?}");
        }
    }
}
