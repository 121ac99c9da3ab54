//! A Redis that is away: at the start, later, and for a while.

use std::{net::SocketAddr, process::Command, thread, time::Instant};

use rustix::process::Signal;
use sse_testkit::{Response, cluster::RedisServer};

use crate::support::{
    HANG, Issuer, Listener, Nodes, Poster, Process, SERVER, Server, bearer, exchange, heard,
    publish, status,
};

#[test]
fn a_server_waits_for_redis_and_says_why_until_it_serves() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    nodes.redis.kill();
    let server = nodes.spawn(&["--admin", "0"]);

    let admin = admin_of(&server);
    let ready = exchange(admin, "GET", "/readyz", "");
    assert_eq!(ready.status(), 503);
    assert!(ready.text().starts_with("starting: Redis is away: "), "{ready:?}");
    assert!(ready.text().to_lowercase().contains("connection refused"), "{ready:?}");
    assert_eq!(exchange(admin, "GET", "/healthz", "").status(), 200);
    assert!(exchange(admin, "GET", "/metrics", "").text().contains("eventsource_redis_up 0"));
    nodes.redis.restart();

    let line = server.line();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    assert_eq!(exchange(admin, "GET", "/readyz", "").text(), "ready\n");
    assert_eq!(exchange(addr, "POST", "/ping/42", "1").status(), 200);
}

#[test]
fn a_server_that_waits_for_redis_is_ended_by_a_signal() {
    let nodes = Nodes::new(&[]);
    nodes.redis.kill();
    for signal in [Signal::TERM, Signal::INT] {
        let server = nodes.spawn(&["--admin", "0"]);
        admin_of(&server);

        server.signal(signal);

        let ended = server.wait();
        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
    }
}

#[test]
fn while_redis_is_away_publications_are_refused_and_listeners_stay() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let (server, admin) = nodes.start_with_admin(&[]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    publish(&server, "42", "1");
    heard(&mut listener);

    nodes.redis.kill();

    server.log_line("Redis is away");
    let refused = exchange(server.addr(), "POST", "/ping/42", "2");
    assert_eq!(refused.status(), 503, "{refused:?}");
    assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
    let ready = exchange(admin, "GET", "/readyz", "");
    assert_eq!(ready.status(), 503);
    assert!(ready.text().starts_with("not ready: Redis is away: "), "{ready:?}");
    nodes.redis.restart();
    until_ready(admin);
    publish(&server, "42", "3");
    assert_eq!(heard(&mut listener).0, "3");
}

#[test]
fn a_revocation_holds_here_at_once_and_elsewhere_once_redis_is_back() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let nodes = Nodes::new(&["--mode", "shared", "--jwt-key", &key]);
    let token = issuer.mint(&["--listen", "*", "--subject", "alice", "--expires-in", "1h"]);
    let fields = [("authorization", &*bearer(&token))];
    let (one, admin) = nodes.start_with_admin(&[]);
    let other = nodes.start(&[]);
    let mut here = Listener::open_with(one.addr(), "/poll/42", &fields);
    let mut elsewhere = Listener::open_with(other.addr(), "/poll/42", &fields);
    here.block();
    elsewhere.block();
    nodes.redis.kill();
    one.log_line("Redis is away");

    let answer = revoke(admin);

    assert_eq!(answer.status(), 503, "{answer:?}");
    assert!(answer.text().contains("it is revoked at this server, and at the others once"));
    assert!(here.block().starts_with("event: sse.expired"));
    assert_eq!(status(one.addr(), "GET", "/poll/42", &fields), 401);
    nodes.redis.restart();
    assert!(elsewhere.block().starts_with("event: sse.expired"));
    until_ready(admin);
    assert_eq!(revoke(admin).text(), r#"{"ended":0}"#);
}

#[test]
fn a_server_whose_redis_does_not_answer_still_ends() {
    let nodes = Nodes::new(&["--mode", "shared"]);
    let server = nodes.start(&[]);
    let _listener = Listener::open(server.addr(), "/poll/42");
    nodes.redis.pause();

    server.signal(Signal::TERM);

    let ended = server.into_process().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_server_that_may_not_use_redis_any_more_drains_and_fails() {
    let redis = RedisServer::start(&[]);
    redis.command(&["ACL", "SETUSER", "events", "on", ">s3cret", "~*", "&*", "+@all"]);
    let url = format!("redis://events:s3cret@{}", redis.addr());
    let args = ["-P", "0", "--mode", "shared", "--history", "1"];
    let server = Server::spawn(Command::new(SERVER).args(args).env("EVENTSOURCE_REDIS", url));
    let mut listener = Listener::open(server.addr(), "/poll/42");

    redis.command(&["ACL", "DELUSER", "events"]);

    while listener.has_block() {}
    let ended = server.into_process().wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("Redis refuses the login: "), "{ended:?}");
}

fn revoke(admin: SocketAddr) -> Response {
    let form = ("content-type", "application/x-www-form-urlencoded");
    Poster::new(admin).post_with("/revoke", form, "subject=alice")
}

/// The address for the operator of a server that waits.
fn admin_of(server: &Process) -> SocketAddr {
    let line = server.log_line("the server serves once Redis can be used");
    let (_, rest) = line.split_once("admin=\"http://").unwrap_or_else(|| panic!("{line}"));
    rest.split('"').next().unwrap().parse().unwrap()
}

fn until_ready(admin: SocketAddr) {
    let begun = Instant::now();
    while exchange(admin, "GET", "/readyz", "").status() != 200 {
        assert!(begun.elapsed() < HANG, "it is never ready");
        thread::yield_now();
    }
}
