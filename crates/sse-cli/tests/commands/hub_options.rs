//! What `eventsource-server` lets channels do, remember and cost.

use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sse_testkit::Response;

use crate::support::{Listener, Poster, Server, exchange, unread_listener};

#[test]
fn mode_says_who_may_listen() {
    for (args, status, first_is_replaced) in [
        (&[][..], 423, false),
        (&["--mode", "exclusive"], 423, false),
        (&["--mode", "shared"], 200, false),
        (&["--mode", "takeover"], 200, true),
    ] {
        let server = Server::start(args);
        let mut first = Listener::open(server.addr(), "/poll/42");

        let second = Listener::open(server.addr(), "/poll/42");

        assert_eq!(second.head().status, status, "{args:?}");
        if first_is_replaced {
            assert!(first.block().contains("event: sse.replaced"), "{args:?}");
        } else {
            publish(server.addr(), "1");
            assert_eq!(first.block(), "event: ping\ndata: 1", "{args:?}");
        }
    }
}

#[test]
fn history_remembers_as_much_as_it_is_allowed() {
    let size = "x".repeat(1_000);
    for (args, kept) in [
        (&["--history", "100"][..], "12345"),
        (&["--history", "2"], "45"),
        (&["--history", "100", "--history-bytes", "3500"], "345"),
        (&["--history", "100", "--max-history-bytes", "100000"], "12345"),
    ] {
        let server = Server::start(args);
        for number in 1..=5 {
            publish(server.addr(), &format!("{number}{size}"));
        }

        let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");

        for number in kept.chars() {
            let block = listener.block();
            assert!(block.contains(&format!("data: {number}")), "{args:?}: {number} in {block}");
        }
    }
}

#[test]
fn history_forgets_what_is_over_age() {
    let server = Server::start(&["--history", "100", "--history-age", "300"]);
    publish(server.addr(), "1");
    sleep(Duration::from_millis(400));

    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");

    publish(server.addr(), "2");
    assert!(listener.block().contains("data: 2"));
}

#[test]
fn without_history_nothing_is_taken_for_nobody() {
    let server = Server::start(&[]);

    assert_eq!(exchange(server.addr(), "POST", "/ping/42", "1").status(), 404);
}

#[test]
fn limits_refuse_with_503() {
    for (args, other) in [
        (&["--max-channels", "1"][..], "/poll/other"),
        (&["--max-listeners", "1"], "/poll/other"),
        (&["--mode", "shared", "--max-listeners-per-channel", "1"], "/poll/42"),
    ] {
        let server = Server::start(args);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        expect_503(&exchange(server.addr(), "GET", other, ""));

        publish(server.addr(), "1");
        assert_eq!(listener.block(), "event: ping\ndata: 1", "{args:?}: nobody is evicted");
    }
}

#[test]
fn closed_ttl_keeps_a_closed_channel_closed() {
    for (ttl, status, end) in [("60000", 204, Some("event: sse.end\ndata: {}")), ("0", 200, None)] {
        let server = Server::start(&["--closed-ttl", ttl]);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        assert_eq!(exchange(server.addr(), "POST", "/close/42", "").status(), 200);

        if let Some(end) = end {
            assert_eq!(listener.block(), end);
        }
        listener.expect_end();
        let again = Listener::open(server.addr(), "/poll/42");
        assert_eq!(again.head().status, status, "{ttl}");
    }
}

#[test]
fn overrun_closes_a_slow_listener_or_tells_it() {
    let server = Server::start(&[]);
    let _unread = unread_listener(server.addr());
    let start = Instant::now();
    while exchange(server.addr(), "POST", "/ping/full", &"x".repeat(1 << 20)).status() == 200 {
        assert!(start.elapsed() < Duration::from_secs(60), "it is never closed");
    }

    let server = Server::start(&["--overrun", "gap", "--max-channel-bytes", "1048576"]);
    let mut slow = Listener::open(server.addr(), "/poll/42");
    let mut poster = Poster::new(server.addr());
    for _ in 0..1_500 {
        let answer = poster.exchange("POST", "/ping/42", &"x".repeat(10_000));
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
    publish(server.addr(), "last");
    let (mut told, mut read) = (0, 0);
    loop {
        let block = slow.block();
        if let Some((_, missed)) = block.split_once("\"missed\":") {
            told += missed.trim_end_matches('}').parse::<u64>().unwrap();
        } else if block.ends_with("data: last") {
            break;
        } else {
            read += 1;
        }
    }
    assert!(0 < told, "it read all {read}");
    assert_eq!(told + read, 1_500);
}

#[test]
fn stall_timeout_cuts_a_client_that_takes_nothing() {
    let server = Server::start(&["--stall-timeout", "300"]);
    let _unread = unread_listener(server.addr());

    let start = Instant::now();
    while exchange(server.addr(), "POST", "/ping/full", "").status() == 200 {
        assert!(start.elapsed() < Duration::from_secs(60), "it is never cut");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn drain_spreads_the_ends_of_streams_over_its_window() {
    const WINDOW: Duration = Duration::from_millis(1_000);
    let server = Server::start(&["--mode", "shared", "--drain", "1000"]);
    let listeners: Vec<_> = (0..20).map(|_| Listener::open(server.addr(), "/poll/42")).collect();
    let start = Instant::now();

    server.signal(Signal::TERM);
    let mut last = Duration::ZERO;
    for mut listener in listeners {
        let block = listener.block();
        let retry = block.strip_prefix("retry: ").unwrap().parse().unwrap();
        let retry = Duration::from_millis(retry);
        assert!(retry <= 2 * WINDOW + Duration::from_millis(1), "{block}");
        assert!(WINDOW <= start.elapsed() + retry, "{block}: nobody comes back before the end");
        listener.expect_end();
        last = last.max(start.elapsed());
    }

    let ended = server.into_process().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(WINDOW * 17 / 20 <= last, "{last:?}");
    assert!(start.elapsed() < WINDOW + Duration::from_secs(30), "it ends");
}

fn publish(addr: SocketAddr, data: &str) {
    let answer = exchange(addr, "POST", "/ping/42", data);
    assert_eq!(answer.status(), 200, "{answer:?}");
}

fn expect_503(answer: &Response) {
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert!(answer.head.field("retry-after").is_some(), "{answer:?}");
}
