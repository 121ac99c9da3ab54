//! What becomes of clients when Redis loses something, is full, or cannot be reached from one server alone.

use std::time::Instant;

use sse_testkit::cluster::{Link, RedisServer};
use tokio::runtime::Runtime;

use crate::support::{HANG, Listener, Nodes, Server, exchange, heard, publish, status};

#[test]
fn clients_are_told_that_redis_has_lost_what_they_have_seen() {
    // Nothing of it is written to disk.
    let redis = RedisServer::start(&[]);
    let server = Server::start(&["--history", "100", "--mode", "shared", "--redis", &redis.url()]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let (first, _) = publish(&server, "42", "1");
    heard(&mut listener);

    redis.restart();
    // What was heard is lost, so the stream ends.
    while listener.is_open() {}
    let fields = [("last-event-id", &*first)];
    let mut again = Listener::open_with(server.addr(), "/poll/42", &fields);

    assert_eq!(again.head().field("sse-resume"), Some("gap"));
    let gap = again.block();
    assert!(gap.contains("event: sse.gap\n") && gap.contains("\"reason\":\"diverged\""), "{gap}");
    publish(&server, "42", "2");
    assert_eq!(heard(&mut again).0, "2");
}

#[test]
fn a_full_redis_refuses_publications_and_disturbs_nobody_until_it_has_room_again() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let server = nodes.start(&[]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    publish(&server, "42", "1");
    nodes.redis.command(&["CONFIG", "SET", "maxmemory", "1"]);

    let refused = exchange(server.addr(), "POST", "/ping/42", "2");

    assert_eq!(refused.status(), 503, "{refused:?}");
    assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
    nodes.redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    let begun = Instant::now();
    while exchange(server.addr(), "POST", "/ping/42", "3").status() != 200 {
        assert!(begun.elapsed() < HANG, "it never has room again");
    }
    assert_eq!([heard(&mut listener).0, heard(&mut listener).0], ["1", "3"]);
}

#[test]
fn a_server_that_was_cut_off_tells_its_listeners_what_they_have_missed() {
    let runtime = Runtime::new().unwrap();
    let _in_it = runtime.enter();
    let nodes = Nodes::new(&["--mode", "shared"]);
    let link = Link::to(nodes.redis.addr());
    let url = format!("redis://{}", link.addr());
    let far = Server::spawn(&mut nodes.command_at(&url, &[]));
    let near = nodes.start(&[]);
    let mut listener = Listener::open(far.addr(), "/poll/42");
    publish(&near, "42", "1");
    heard(&mut listener);

    link.partition();
    far.log_line("Redis is away");
    for n in 2..=4 {
        publish(&near, "42", &n.to_string());
    }
    assert_eq!(exchange(far.addr(), "POST", "/ping/42", "x").status(), 503);
    link.heal();

    assert_eq!([(); 3].map(|()| heard(&mut listener).0), ["2", "3", "4"]);
}

#[test]
fn a_listener_is_replaced_by_one_at_another_server() {
    let nodes = Nodes::new(&["--mode", "takeover"]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let mut first = Listener::open(one.addr(), "/poll/42");

    let mut second = Listener::open(other.addr(), "/poll/42");

    assert!(first.block().contains("event: sse.replaced"));
    first.expect_end();
    publish(&one, "42", "1");
    assert_eq!(heard(&mut second).0, "1");
}

#[test]
fn reconnection_times_and_closed_channels_are_known_to_each_server() {
    let nodes = Nodes::new(&["--mode", "shared", "--action", "retry", "--closed-ttl", "60000"]);
    let [one, other] = [(); 2].map(|()| nodes.start(&[]));
    let mut listener = Listener::open(other.addr(), "/poll/42");

    assert_eq!(exchange(one.addr(), "POST", "/retry/42", "54321").status(), 200);
    assert_eq!(listener.block(), "retry: 54321");
    assert_eq!(exchange(one.addr(), "POST", "/close/42", "").status(), 200);

    assert!(listener.block().starts_with("event: sse.end"));
    listener.expect_end();
    for server in [&one, &other, &nodes.start(&[])] {
        assert_eq!(status(server.addr(), "GET", "/poll/42", &[]), 204);
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", "1").status(), 404);
    }
}
