//! Many servers on one Redis: what is published at one is heard at each, and a client goes on at any.

use std::time::Instant;

use rustix::process::Signal;

use crate::support::{
    HANG, Issuer, Listener, Nodes, Poster, Server, bearer, exchange, heard, publish, status, stop,
};

#[test]
fn what_is_published_at_one_server_is_heard_at_each_and_all_listeners_are_counted() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let mut listeners =
        [&one, &other, &other].map(|server| Listener::open(server.addr(), "/poll/42"));

    let (first, _) = publish(&one, "42", "1");
    let (second, _) = publish(&other, "42", "2");

    for listener in &mut listeners {
        assert_eq!(heard(listener), ("1".to_owned(), first.clone()));
        assert_eq!(heard(listener), ("2".to_owned(), second.clone()));
    }
    for server in [&one, &other] {
        until_counted(server, "3");
    }
}

#[test]
fn a_client_goes_on_at_the_other_server_when_its_own_is_killed() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let mut listener = Listener::open(one.addr(), "/poll/42");
    for n in 1..=3 {
        publish(&other, "42", &n.to_string());
    }
    heard(&mut listener);
    let (_, last) = heard(&mut listener);

    stop(one, Signal::KILL);
    publish(&other, "42", "4");
    let mut again = Listener::open_with(other.addr(), "/poll/42", &[("last-event-id", &last)]);

    assert_eq!(again.head().field("sse-resume"), Some("ok"));
    again.block();
    assert_eq!([heard(&mut again).0, heard(&mut again).0], ["3", "4"]);
}

#[test]
fn a_client_of_a_server_that_drains_comes_back_at_the_other_and_has_missed_nothing() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let one = nodes.start(&["--drain", "1000"]);
    let other = nodes.start(&[]);
    let mut listeners: Vec<_> = (0..5).map(|_| Listener::open(one.addr(), "/poll/42")).collect();
    publish(&other, "42", "0");

    one.signal(Signal::TERM);
    for n in 1..=20 {
        publish(&other, "42", &n.to_string());
    }

    for listener in &mut listeners {
        let (mut all, mut last) = (Vec::new(), String::new());
        while let Some(block) = listener.next() {
            if let Some(event) = block.strip_prefix("event: ping\ndata: ") {
                let (data, id) = event.split_once("\nid: ").unwrap();
                all.push(data.to_owned());
                id.clone_into(&mut last);
            }
        }
        let mut again = Listener::open_with(other.addr(), "/poll/42", &[("last-event-id", &last)]);
        assert_eq!(again.head().field("sse-resume"), Some("ok"));
        again.block();
        while all.len() <= 20 {
            all.push(heard(&mut again).0);
        }
        assert!(all.iter().map(|data| data.parse::<u32>().unwrap()).eq(0..=20), "{all:?}");
    }
    let ended = one.into_process().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_server_that_ends_counts_no_listeners_any_more() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let _listeners = [&one, &other].map(|server| Listener::open(server.addr(), "/poll/42"));
    until_counted(&other, "2");

    stop(one, Signal::TERM);

    assert_eq!(publish(&other, "42", "2").1, "1");
}

#[test]
fn an_idempotency_key_is_known_at_each_server() {
    let nodes = Nodes::new(&[]);
    let post = |body: &str| {
        let server = nodes.start(&[]);
        let key = ("idempotency-key", "order-1");
        Poster::new(server.addr()).post_with("/ping/42", key, body)
    };

    let (first, again, other) = (post("21.5"), post("21.5"), post("22.0"));

    assert_eq!((first.status(), first.head.field("sse-duplicate")), (200, None));
    assert_eq!((again.status(), again.head.field("sse-duplicate")), (200, Some("true")));
    assert_eq!(again.head.field("sse-id"), first.head.field("sse-id"));
    assert_eq!(other.status(), 422);
}

#[test]
fn the_one_listener_of_a_channel_is_one_of_all_servers() {
    let nodes = Nodes::new(&[]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let first = Listener::open(one.addr(), "/poll/42");
    assert_eq!(status(other.addr(), "GET", "/poll/42", &[]), 423);

    drop(first);

    let begun = Instant::now();
    while status(other.addr(), "GET", "/poll/42", &[]) == 423 {
        assert!(begun.elapsed() < HANG, "it is taken for ever");
    }
}

#[test]
fn a_channel_that_only_another_server_knows_is_ended_by_the_operator() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let one = nodes.start(&[]);
    let (_other, admin) = nodes.start_with_admin(&[]);
    let mut listener = Listener::open(one.addr(), "/poll/42");
    publish(&one, "42", "1");
    heard(&mut listener);

    let ended = exchange(admin, "POST", "/channels/42/end", "");

    assert_eq!(ended.status(), 200, "{ended:?}");
    listener.expect_end();
    // Nobody here knows whether there was one.
    let never = exchange(admin, "POST", "/channels/never/end", "");
    assert_eq!((never.status(), never.text()), (200, r#"{"ended":0}"#));
}

#[test]
fn what_is_revoked_at_one_server_is_at_each_and_stays_so_after_all_have_ended() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let nodes = Nodes::new(&["--mode", "shared", "--jwt-key", &key]);
    let token = issuer.mint(&["--listen", "*", "--subject", "alice", "--expires-in", "1h"]);
    let fields = [("authorization", &*bearer(&token))];
    let one = nodes.start(&[]);
    let (other, admin) = nodes.start_with_admin(&[]);
    let mut listener = Listener::open_with(one.addr(), "/poll/42", &fields);
    listener.block();

    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = Poster::new(admin).post_with("/revoke", form, "subject=alice");

    assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":0}"#));
    assert!(listener.block().starts_with("event: sse.expired"));
    listener.expect_end();
    assert_eq!(status(one.addr(), "GET", "/poll/42", &fields), 401);
    stop(one, Signal::TERM);
    stop(other, Signal::KILL);
    let next = nodes.start(&[]);
    assert_eq!(status(next.addr(), "GET", "/poll/42", &fields), 401);
}

/// Publishes until so many listen: servers tell each other of their listeners a moment later.
fn until_counted(server: &Server, count: &str) {
    let begun = Instant::now();
    while publish(server, "42", "").1 != count {
        assert!(begun.elapsed() < HANG, "there are never {count}");
    }
}
