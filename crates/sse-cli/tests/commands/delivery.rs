//! What the original lost: rapid publications, and the race between `close` and the next listener.

use std::thread;

use crate::support::{CLIENT, Listener, Poster, Process, Server};

#[test]
fn ten_thousand_rapid_posts_reach_one_client_once_and_in_order() {
    let server = Server::start(&["-i"]);
    let addr = server.addr();
    let args = ["42", "-d", "-o", "data", "--count", "10000", "-P", &server.port()];
    let client = Process::start(CLIENT, args);
    client.log_line("events: connected");

    let posters: Vec<_> = (0..4)
        .map(|poster| {
            thread::spawn(move || {
                let mut connection = Poster::new(addr);
                for number in 0..2500 {
                    let data = format!("{poster} {number}");
                    assert_eq!(connection.exchange("POST", "/ping/42", &data).status(), 200);
                }
            })
        })
        .collect();
    let ended = client.wait();
    for poster in posters {
        poster.join().unwrap();
    }

    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 10_000);
    let mut next = [0; 4];
    for line in ended.stdout.lines() {
        let (poster, number) = line.split_once(' ').unwrap();
        let next = &mut next[poster.parse::<usize>().unwrap()];
        assert_eq!(number.parse(), Ok(*next), "poster {poster}");
        *next += 1;
    }
}

#[test]
fn after_close_the_token_is_free_a_thousand_times() {
    let server = Server::start(&[]);
    let mut poster = Poster::new(server.addr());
    let mut listener = Listener::open(server.addr(), "/poll/42");

    for turn in 0..1000 {
        assert_eq!(poster.exchange("POST", "/close/42", "").status(), 200, "{turn}");
        let next = Listener::open(server.addr(), "/poll/42");

        assert_eq!(next.head().status, 200, "{turn}");
        listener.expect_end();
        listener = next;
    }
}

#[test]
fn a_stream_over_http_1_0_ends_with_its_connection() {
    let server = Server::start(&[]);
    let mut poster = Poster::new(server.addr());
    let mut listener = Listener::open_http_1_0(server.addr(), "/poll/42");

    // Many times and with a second connection open, because its end was once lost in a race.
    for turn in 0..200 {
        assert_eq!(poster.exchange("POST", "/close/42", "").status(), 200, "{turn}");
        let next = Listener::open_http_1_0(server.addr(), "/poll/42");

        listener.expect_end();
        listener = next;
    }
}

/// Section 3: when a listener falls out of the log, 16 MiB a channel by default, it is cut, its
/// token is free, a POST no longer counts it, and the log line says so.
#[test]
fn a_listener_that_fell_out_is_cut_and_the_log_says_so() {
    let server = Server::start(&[]);
    let _stalled = Listener::open(server.addr(), "/poll/0123456789abcdef");
    let mut poster = Poster::new(server.addr());
    let mebibyte = "x".repeat(1 << 20);

    let mut accepted = 0;
    let refused = loop {
        match poster.exchange("POST", "/ping/0123456789abcdef", &mebibyte).status() {
            200 => accepted += 1,
            status => break status,
        }
    };

    assert_eq!(refused, 404);
    assert!((15..40).contains(&accepted), "{accepted} MiB were accepted");
    let line = server.log_line("cut");
    assert!(line.contains("WARN") && line.contains("01234567…"), "{line}");
    let next = Listener::open(server.addr(), "/poll/0123456789abcdef");
    assert_eq!(next.head().status, 200);
}
