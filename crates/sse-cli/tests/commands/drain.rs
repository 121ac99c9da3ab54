//! A server that drains, and the one that takes its place on the same port.

use std::{
    net::{SocketAddr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use rustix::process::Signal;
use sse_hyper::{EventSource, HttpVersion, Notice};
use tokio::{runtime::Runtime, task::JoinSet, time::timeout};

use crate::support::{CLIENT, HANG, Listener, Process, SERVER, Server, exchange};

#[test]
fn every_client_comes_back_to_the_next_process() {
    let first = Server::start(&["--drain", "3000"]);
    let (addr, port) = (first.addr(), first.port());
    let commands: Vec<_> = (0..10)
        .map(|token| Process::start(CLIENT, [&format!("command-{token}"), "-d", "-P", &port]))
        .collect();
    commands.iter().for_each(|command| drop(command.log_line("events: connected")));
    let runtime = Runtime::new().unwrap();
    let mut sources: Vec<_> = (0..30).map(|token| source(addr, token)).collect();
    runtime.block_on(async {
        for source in &mut sources {
            until_open(source).await;
        }
    });

    first.signal(Signal::TERM);
    first.log_line("ending all streams, one after the other");
    let mut returns = JoinSet::new();
    for mut source in sources {
        let back = async move {
            until_open(&mut source).await;
            source
        };
        returns.spawn_on(back, runtime.handle());
    }
    let second = successor(&port);

    let sources = runtime.block_on(returns.join_all());
    for command in &commands {
        command.log_line("reconnecting");
        command.log_line("events: connected");
    }
    let tokens = (0..10).map(|token| format!("command-{token}"));
    for token in tokens.chain((0..30).map(|token| format!("library-{token}"))) {
        let answer = exchange(addr, "POST", &format!("/ping/{token}"), "hi");
        assert_eq!(answer.status(), 200, "{token}");
    }
    for command in &commands {
        assert_eq!(command.line(), "Event<,ping,hi>");
    }
    drop((sources, second));
    assert_eq!(first.into_process().wait().code, Some(0));
}

#[test]
fn port_is_free_for_the_next_process_once_the_drain_begins() {
    let first = Server::start(&["--drain", "600000", "--mode", "shared"]);
    let streams: Vec<_> = (0..20).map(|_| Listener::open(first.addr(), "/poll/42")).collect();

    first.signal(Signal::TERM);
    let second = successor(&first.port());

    let answer = exchange(first.addr(), "POST", "/ping/42", "hi");
    assert_eq!(answer.status(), 404, "nobody has come back, so this is the second one's answer");
    first.signal(Signal::TERM);
    let ended = first.into_process().wait();
    assert_eq!(ended.code, Some(1), "it was still draining: {ended:?}");
    drop((streams, second));
}

#[test]
fn drain_accept_keeps_the_port_and_answers_on_it() {
    let server = Server::start(&["--drain", "600000", "--mode", "shared", "--drain-accept"]);
    let streams: Vec<_> = (0..20).map(|_| Listener::open(server.addr(), "/poll/42")).collect();

    server.signal(Signal::TERM);
    server.log_line("ending all streams, one after the other");

    let addr = server.addr();
    assert_eq!(exchange(addr, "POST", "/ping/42", "hi").status(), 200);
    assert_eq!(exchange(addr, "GET", "/poll/42", "").status(), 503);
    assert!(TcpListener::bind(addr).is_err());
    drop(streams);
    server.signal(Signal::TERM);
}

#[test]
fn drain_accept_lasts_for_the_whole_window_though_nobody_listens() {
    const WINDOW: Duration = Duration::from_secs(1);
    let server = Server::start(&["--drain", "1000", "--drain-accept"]);
    let begun = Instant::now();

    server.signal(Signal::TERM);
    server.log_line("ending all streams");

    let answer = exchange(server.addr(), "GET", "/poll/42", "");
    if begun.elapsed() < WINDOW {
        assert_eq!(answer.status(), 503);
    }
    assert_eq!(server.into_process().wait().code, Some(0));
    assert!(WINDOW <= begun.elapsed());
}

/// A second server on `port`, once the first one listens there no more.
fn successor(port: &str) -> Process {
    let addr = format!("127.0.0.1:{port}");
    let start = Instant::now();
    while TcpListener::bind(&addr).is_err() {
        assert!(start.elapsed() < HANG, "the port is never free");
        thread::yield_now();
    }
    let second = Process::start(SERVER, ["-P", port]);
    assert_eq!(second.line(), format!("listening on http://{addr}"));
    second
}

/// A source over HTTP/2, without TLS.
fn source(addr: SocketAddr, token: usize) -> EventSource {
    let uri = format!("http://{addr}/poll/library-{token}").parse().unwrap();
    EventSource::builder(uri).with_http_version(HttpVersion::Http2).build().unwrap()
}

async fn until_open(source: &mut EventSource) {
    let opening = async { while !matches!(source.next().await, Some(Ok(Notice::Open))) {} };
    timeout(HANG, opening).await.expect("the stream opens");
}
