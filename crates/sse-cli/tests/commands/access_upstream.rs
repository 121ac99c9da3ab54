//! A server of the operator's own that is asked who a credential is.

use std::time::{Duration, Instant};

use serde_json::json;
use sse_testkit::Step;

use crate::support::{
    Listener, Peer, Poster, Server, answer, grant, grant_for, no_answer, status, verdict,
};

const BEARER: (&str, &str) = ("authorization", "Bearer s3cret");

#[test]
fn the_question_has_the_method_the_path_the_host_and_the_one_credential() {
    let all = json!({ "sub": "alice", "sse": { "listen": ["room:*"] } });
    for (method, path, fields, expected) in [
        ("GET", "/poll/room%3A1", &[BEARER][..], &[BEARER][..]),
        (
            "POST",
            "/ping/room:1",
            &[("authorization", "Digest d1")],
            &[("authorization", "Digest d1")],
        ),
        ("GET", "/poll/room:1", &[("cookie", "a=1; c=c00kie; b=2")], &[("cookie", "c=c00kie")]),
        ("GET", "/poll/room:1", &[BEARER, ("cookie", "c=x")], &[BEARER]),
        (
            "GET",
            "/poll/room:1",
            &[("authorization", "Basic YTpi")],
            &[("authorization", "Basic YTpi")],
        ),
    ] {
        let mut upstream = Peer::start([grant(&all)]);
        let server = Server::start(&["--auth-url", &upstream.url("/check?k=v"), "--cookie", "c"]);

        let path_and_query = format!("{path}?ticket=t1cket&x=y");
        let found = status(server.addr(), method, &path_and_query, fields);

        let question = upstream.request();
        assert!(question.head.starts_with("GET /check?k=v HTTP/1.1\r\n"), "{question:?}");
        assert_eq!(found, if method == "GET" { 200 } else { 403 }, "{path}");
        assert_eq!(question.field("x-forwarded-method"), Some(method));
        assert_eq!(question.field("x-forwarded-uri"), Some(path));
        assert_eq!(question.field("x-forwarded-host"), Some("localhost"));
        assert_eq!(question.field("x-forwarded-for"), Some("127.0.0.1"));
        for &(name, value) in expected {
            assert_eq!(question.field(name), Some(value), "{fields:?}");
        }
        for name in ["authorization", "cookie"] {
            let is_expected = expected.iter().any(|(expected, _)| *expected == name);
            assert_eq!(question.field(name).is_some(), is_expected, "{name} of {fields:?}");
        }
        assert!(!question.head.contains("t1cket"), "{question:?}");
    }
}

#[test]
fn what_it_answers_is_done_and_what_is_no_answer_is_never_taken_for_yes() {
    let listen = r#"{"sse":{"listen":["a"]}}"#;
    for (answers, expected) in [
        (vec![grant(&json!({ "sse": { "listen": ["a"] } }))], 200),
        (vec![verdict(&format!("204 No Content\r\nSse-Grant: {listen}"))], 200),
        (vec![grant(&json!({ "sse": { "listen": ["b"] } }))], 403),
        (vec![grant(&json!({ "mercure": { "subscribe": ["a"] } }))], 200),
        (vec![grant(&json!({}))], 403),
        (vec![grant_for(-1.0, json!({ "sse": { "listen": ["a"] } }))], 401),
        (vec![verdict("401 Unauthorized")], 401),
        (vec![verdict("403 Forbidden")], 403),
        (vec![verdict("200 OK")], 503),
        (vec![verdict("200 OK\r\nSse-Grant: yes")], 503),
        (vec![verdict("200 OK\r\nSse-Grant: [[],[],[\"a\"]]")], 503),
        (vec![verdict(&format!("200 OK\r\nSse-Grant: {listen}\r\nSse-Grant: {listen}"))], 503),
        (vec![verdict(&format!("302 Found\r\nLocation: /ok\r\nSse-Grant: {listen}"))], 503),
        (vec![verdict(&format!("500 Oh\r\nSse-Grant: {listen}"))], 503),
        (vec![verdict("404 Not Found")], 503),
        (vec![answer("200 OK", listen)], 503),
        (vec![vec![Step::ExpectHead, Step::send("garbage\r\n\r\n")]], 503),
        (vec![no_answer()], 503),
        (vec![], 503),
    ] {
        let upstream = Peer::start(answers.clone());
        let server = Server::start(&["--auth-url", &upstream.url("/check")]);

        let fields = [BEARER, ("x-sse-grant", listen), ("sse-grant", listen)];
        let found = status(server.addr(), "HEAD", "/poll/a", &fields);

        assert_eq!(found, expected, "{answers:?}");
        if expected == 503 {
            let line = server.log_line("credentials cannot be checked");
            assert!(line.contains("ERROR") && line.contains("/check"), "{line}");
        }
    }
}

#[test]
fn an_answer_that_is_late_is_none() {
    let silent = vec![Step::ExpectHead, Step::Hold];
    let upstream = Peer::start([silent]);
    let server = Server::start(&["--auth-url", &upstream.url("/"), "--auth-timeout", "300"]);
    let start = Instant::now();

    let answer = Poster::new(server.addr()).ask("GET", "/poll/a", &[BEARER]);

    assert!(Duration::from_millis(300) <= start.elapsed(), "{:?}", start.elapsed());
    assert_eq!(answer.status(), 503);
    assert!(answer.text().contains("Credentials cannot be checked now"), "{answer:?}");
    assert!(answer.head.field("retry-after").is_some(), "{answer:?}");
    server.log_line("within 300 ms");
}

#[test]
fn an_answer_is_kept_for_a_while_unless_that_is_zero() {
    let claims = json!({ "sse": { "listen": ["a", "b"], "publish": ["a"] } });
    for (args, expected) in [(&[][..], 1), (&["--auth-ttl", "0"], 3)] {
        let upstream = Peer::start((0..3).map(|_| grant(&claims)));
        let url = upstream.url("/");
        let server = Server::start(&[&["--auth-url", &url], args].concat());

        for (method, path, expected) in
            [("HEAD", "/poll/a", 200), ("HEAD", "/poll/b", 200), ("POST", "/ping/a", 404)]
        {
            assert_eq!(status(server.addr(), method, path, &[BEARER]), expected, "{args:?} {path}");
        }

        assert_eq!(upstream.connections(), expected, "{args:?}");
    }
}

#[test]
fn who_presents_nothing_is_not_asked_about() {
    let upstream = Peer::start([verdict("200 OK")]);
    let args = ["--auth-url", &upstream.url("/"), "--anonymous-listen", "news"];
    let server = Server::start(&args);

    assert_eq!(status(server.addr(), "HEAD", "/poll/news", &[]), 200);
    assert_eq!(status(server.addr(), "HEAD", "/poll/a", &[]), 401);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_stream_ends_with_the_grant_that_it_was_begun_with() {
    let claims = json!({ "sub": "alice", "sse": { "listen": ["a"] } });
    let upstream = Peer::start([grant_for(1.5, claims), verdict("401 Unauthorized")]);
    let server = Server::start(&["--auth-url", &upstream.url("/")]);
    let mut listener = Listener::open_with(server.addr(), "/poll/a", &[BEARER]);

    assert!(listener.block().starts_with("event: sse.open\n"));
    assert_eq!(listener.block(), "event: sse.expired\ndata: {}");
    listener.expect_end();
    assert_eq!(status(server.addr(), "HEAD", "/poll/a", &[BEARER]), 401);
}
