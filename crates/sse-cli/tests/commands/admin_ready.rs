//! Whether the server is ready, as what it depends on is reachable.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    thread,
    time::Instant,
};

use serde_json::json;

use crate::support::{
    HANG, Issuer, Peer, Server, bearer, exchange, grant, no_answer, status, verdict,
};

#[test]
fn a_server_without_the_keys_of_its_issuer_is_not_ready_until_they_come() {
    let issuer = Issuer::with_id("ES256".parse().unwrap(), "k");
    let set = fs::read_to_string(issuer.jwks()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    let (server, admin) = start(&["--jwks", &format!("{url}?k=s3cret")]);
    let missing = format!("not ready: the keys of {url} have not been fetched yet");

    // The connection of the server waits for its answer meanwhile.
    assert_eq!(ready(admin), (503, format!("{missing}\n")));
    answer_next(&listener, "502 Bad Gateway", "gone");
    let failed = (503, format!("{missing}: the answer is 502 Bad Gateway\n"));
    until(admin, |ready| *ready == failed);
    answer_next(&listener, "200 OK", &set);
    until(admin, |ready| *ready == (200, "ready\n".to_owned()));

    assert_eq!(exchange(admin, "GET", "/healthz", "").text(), "ok\n");
    let token = issuer.mint(&["--listen", "*", "--expires-in", "1h"]);
    let fields = [("authorization", &*bearer(&token))];
    assert_eq!(status(server.addr(), "GET", "/poll/42", &fields), 200);
}

#[test]
fn a_server_whose_upstream_fails_again_and_again_is_not_ready_until_it_answers() {
    for (failure, expected) in [
        (verdict("503 Service Unavailable"), "the answer is 503 Service Unavailable"),
        (no_answer(), "there was no answer: "),
    ] {
        let good = grant(&json!({ "sse": { "listen": ["*"] } }));
        let scripts = [failure.clone(), failure.clone(), failure, good];
        let upstream = Peer::start(scripts);
        let (server, admin) = start(&["--auth-url", &upstream.url("/check?k=s3cret")]);
        let ask = |credential: &str| {
            let fields = [("authorization", &*bearer(credential))];
            status(server.addr(), "GET", "/poll/42", &fields)
        };

        for n in 0..3 {
            assert_eq!(ready(admin), (200, "ready\n".to_owned()), "after {n}");
            assert_eq!(ask("a"), 503);
        }
        let (status, text) = ready(admin);
        let url = upstream.url("/check");
        let beginning = format!("not ready: {url} has failed 3 times in a row: {expected}");
        assert_eq!((status, text.starts_with(&beginning)), (503, true), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains("s3cret") && !text.contains("Bearer"), "{text}");

        assert_eq!(ask("a"), 200);
        assert_eq!(ready(admin), (200, "ready\n".to_owned()));
    }
}

#[test]
fn what_a_client_can_provoke_does_not_make_a_server_unready() {
    let refusals = ["401 Unauthorized", "403 Forbidden", "400 Bad Request", "200 OK"];
    let scripts = refusals.iter().flat_map(|head| [verdict(head), verdict(head), verdict(head)]);
    let upstream = Peer::start(scripts);
    let (server, admin) = start(&["--auth-url", &upstream.url("/"), "--auth-ttl", "0"]);

    for n in 0..12 {
        let fields = [("authorization", &*bearer(&n.to_string()))];
        assert_ne!(status(server.addr(), "GET", "/poll/42", &fields), 200);
        assert_eq!(ready(admin).0, 200, "after {n}");
    }
}

fn start(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}

fn ready(admin: SocketAddr) -> (u16, String) {
    let answer = exchange(admin, "GET", "/readyz", "");
    (answer.status(), answer.text().to_owned())
}

/// Asks until the answer is the expected one.
fn until(admin: SocketAddr, is_expected: impl Fn(&(u16, String)) -> bool) {
    let begun = Instant::now();
    loop {
        let ready = ready(admin);
        if is_expected(&ready) {
            return;
        }
        assert!(begun.elapsed() < HANG, "{ready:?}");
        thread::yield_now();
    }
}

/// Answers the next request, and closes its connection.
fn answer_next(listener: &TcpListener, status: &str, body: &str) {
    let mut connection = BufReader::new(listener.accept().unwrap().0);
    let mut line = String::new();
    while connection.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    let len = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n\r\n{body}");
    connection.get_mut().write_all(answer.as_bytes()).unwrap();
}
