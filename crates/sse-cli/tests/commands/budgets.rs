//! What `eventsource-server` refuses because it is too much, and what gives way instead.

use std::time::{Duration, Instant};

use sse_testkit::Response;

use crate::support::{Listener, Poster, Server, exchange};

#[test]
fn batch_of_more_events_than_allowed_is_413_and_the_log_says_why() {
    let server = Server::start(&["-j", "--max-batch", "3"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");

    let refused = post_with(&server, NDJSON, "1\n2\n3\n4\n");
    let taken = post_with(&server, NDJSON, "1\n\n2\n3\n");

    expect_413(&refused);
    let line = server.log_line("status=413");
    assert!(line.contains("no more than 3 events may be published at once"), "{line}");
    assert_eq!(taken.status(), 200, "{taken:?}");
    for data in 1..=3 {
        assert_eq!(listener.block(), format!("event: ping\ndata: {data}"));
    }
}

#[test]
fn ten_thousand_events_are_the_largest_batch_unless_said_otherwise() {
    for (args, status) in [(&["-j"][..], 413), (&["-j", "--max-batch", "10001"], 200)] {
        let server = Server::start(args);
        let _listener = Listener::open(server.addr(), "/poll/42");

        let answer = post_with(&server, NDJSON, &"1\n".repeat(10_001));

        assert_eq!(answer.status(), status, "{args:?}: {answer:?}");
    }
}

#[test]
fn what_the_log_of_a_channel_cannot_hold_is_413_and_its_listeners_stay() {
    for option in ["--max-channel-bytes", "--max-unread-bytes"] {
        let server = Server::start(&[option, "10000"]);
        let mut listener = Listener::open(server.addr(), "/poll/42");

        let refused = exchange(server.addr(), "POST", "/ping/42", &"x".repeat(10_000));

        expect_413(&refused);
        let line = server.log_line("status=413");
        assert!(line.contains("bytes of a channel's log, which holds 10000"), "{line}");
        let data = "x".repeat(9_000);
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", &data).status(), 200);
        assert_eq!(listener.block(), format!("event: ping\ndata: {data}"));
    }
}

#[test]
fn body_that_is_too_long_is_413_and_the_log_says_so() {
    let server = Server::start(&["--max-body", "10"]);
    let _listener = Listener::open(server.addr(), "/poll/42");

    expect_413(&exchange(server.addr(), "POST", "/ping/42", "12345678901"));

    let line = server.log_line("status=413");
    assert!(line.contains("reason=\"the body is longer than 10 bytes\""), "{line}");
}

#[test]
fn listener_falls_out_at_the_bound_of_its_channel_or_of_all() {
    for option in ["--max-channel-bytes", "--max-unread-bytes"] {
        let server = Server::start(&[option, "2097152"]);
        let _unread = Listener::open(server.addr(), "/poll/42");
        let mut poster = Poster::new(server.addr());
        let data = "x".repeat(1 << 20);

        // By default 16 MiB wait for it, beside what the sockets take, which is less than 8 MiB.
        let taken = (0..16).take_while(|_| {
            let answer = poster.exchange("POST", "/ping/42", &data);
            answer.status() == 200
        });

        assert!(taken.count() < 16, "{option}");
        let line = server.log_line("too far behind");
        assert!(line.contains("listeners=1"), "{line}");
    }
}

#[test]
fn key_is_forgotten_after_its_window_and_not_before() {
    const WINDOW: Duration = Duration::from_millis(500);
    let server = Server::start(&["--history", "10", "--key-window", "500"]);
    let start = Instant::now();
    assert!(!is_duplicate(&post_with(&server, KEY, "1")));

    while is_duplicate(&post_with(&server, KEY, "1")) {
        assert!(start.elapsed() < Duration::from_secs(60), "it is never forgotten");
    }

    assert!(WINDOW <= start.elapsed(), "it was forgotten early");
    let server = Server::start(&["--history", "10", "--key-window", "0"]);
    for _ in 0..2 {
        let answer = post_with(&server, KEY, "1");
        assert!(!is_duplicate(&answer), "{answer:?}");
    }
}

#[test]
fn oldest_keys_go_beyond_their_bytes() {
    for (args, known) in [
        (&["--history", "10"][..], "abc"),
        (&["--history", "10", "--key-bytes", "300"], "bc"),
        (&["--history", "10", "--key-bytes", "0"], ""),
    ] {
        let server = Server::start(args);
        for key in ["a", "b", "c"] {
            let answer = post_with(&server, ("Idempotency-Key", key), "1");
            assert!(!is_duplicate(&answer), "{args:?}: {answer:?}");
        }

        // The newest first: what is published again takes the place of another.
        for key in ["c", "b", "a"] {
            let answer = post_with(&server, ("Idempotency-Key", key), "1");
            assert_eq!(is_duplicate(&answer), known.contains(key), "{args:?} {key}: {answer:?}");
        }
    }
}

#[test]
fn key_that_was_used_for_something_else_is_422_and_the_log_says_so() {
    let server = Server::start(&["--history", "10"]);
    post_with(&server, KEY, "1");

    let refused = post_with(&server, KEY, "2");

    assert_eq!(refused.status(), 422, "{refused:?}");
    assert!(refused.text().contains("Idempotency-Key was used for something else"), "{refused:?}");
    let line = server.log_line("status=422");
    assert!(line.contains("the idempotency key was used for something else"), "{line}");
}

#[test]
fn full_history_refuses_nothing_and_delivers_all() {
    let server = Server::start(&["--history", "100", "--max-history-bytes", "1000"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let mut poster = Poster::new(server.addr());

    for number in 0..20 {
        let data = format!("{number} {}", "x".repeat(2_000));
        let answer = poster.exchange("POST", "/ping/42", &data);
        assert_eq!(answer.status(), 200, "{answer:?}");
        assert!(listener.block().contains(&data));
    }
}

#[test]
fn tokens_that_somebody_makes_up_shut_nobody_out() {
    let server = Server::start(&["--history", "10", "--max-channels", "50"]);
    let mut poster = Poster::new(server.addr());
    let mut ids = Vec::new();
    for number in 0..200 {
        let answer = poster.exchange("POST", &format!("/ping/made-up-{number}"), "x");
        assert_eq!(answer.status(), 200, "{number}: {answer:?}");
        ids.push(answer.head.field("sse-id").unwrap().to_owned());
    }

    let mut listener = Listener::open(server.addr(), "/poll/new");

    assert_eq!(listener.head().status, 200);
    assert_eq!(poster.exchange("POST", "/ping/new", "hi").status(), 200);
    assert!(listener.block().contains("data: hi"));
    // The first one has given way, and its place is known all the same.
    for (number, id) in [(0, &ids[0]), (199, &ids[199])] {
        let path = format!("/poll/made-up-{number}?last_event_id={id}");
        let head = Listener::open_whole(server.addr(), &path).head().clone();
        assert_eq!(head.field("sse-resume"), Some("ok"), "{number}: {head:?}");
    }
}

#[test]
fn channels_with_listeners_do_not_give_way() {
    let server = Server::start(&["--history", "10", "--max-channels", "2"]);
    let mut listeners =
        ["a", "b"].map(|token| Listener::open(server.addr(), &format!("/poll/{token}")));

    for answer in [exchange(server.addr(), "POST", "/ping/c", "x"), get(&server, "/poll/c")] {
        assert_eq!(answer.status(), 503, "{answer:?}");
        assert!(answer.head.field("retry-after").is_some(), "{answer:?}");
        assert!(answer.text().contains("no more than 2 channels"), "{answer:?}");
    }

    for (listener, token) in listeners.iter_mut().zip(["a", "b"]) {
        assert_eq!(exchange(server.addr(), "POST", &format!("/ping/{token}"), "x").status(), 200);
        assert!(listener.block().contains("data: x"));
    }
}

fn get(server: &Server, path: &str) -> Response {
    exchange(server.addr(), "GET", path, "")
}

/// What a POST to the channel 42 with one more field is answered.
fn post_with(server: &Server, field: (&str, &str), body: &str) -> Response {
    Poster::new(server.addr()).post_with("/ping/42", field, body)
}

fn is_duplicate(answer: &Response) -> bool {
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.head.field("sse-duplicate").is_some()
}

fn expect_413(answer: &Response) {
    assert_eq!(answer.status(), 413, "{answer:?}");
    assert!(answer.text().contains("413: Data is too large"), "{answer:?}");
}

const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");

const KEY: (&str, &str) = ("Idempotency-Key", "k");
