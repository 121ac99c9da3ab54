//! Why a request is refused, as its line in the log says.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Issuer, Listener, Peer, Poster, Server, bearer, exchange, verdict};

#[test]
fn what_the_head_says_is_refused_with_its_reason() {
    let log = Log::start(&["--max-body", "10", "--max-batch", "2", "--history", "10"]);
    let _taken = Listener::open(log.server.addr(), "/poll/taken");
    let key = ["Idempotency-Key: k"; 2].join("\r\n");
    for (request, fields, status, reason) in [
        ("GET /poll/42", "Host: evil.example", 403, r#"the host "evil.example" is not allowed"#),
        (
            "POST /ping/42",
            "Origin: http://evil.example",
            403,
            "a page of another site may not do this",
        ),
        (
            "GET /poll/42",
            "Sec-Fetch-Site: cross-site",
            403,
            "a page of another site may not do this",
        ),
        ("GET /poll", "", 400, "path is not /action/token"),
        ("GET /poll/%zz", "", 400, "a % in the path is not followed by two hexadecimal digits"),
        (
            "GET /poll/%00",
            "",
            400,
            r"token is not valid: the token holds the control character '\0' at byte 0",
        ),
        ("PUT /ping/42", "", 405, "the method is not allowed"),
        ("POST /", "", 405, "the method is not allowed"),
        ("POST /other/taken", "", 404, "the action is not known"),
        (
            "POST /ping/taken",
            "Content-Encoding: gzip",
            415,
            "Content-Encoding gzip is not supported: send the data as it is",
        ),
        (
            "POST /ping/taken",
            "Content-Type: text/plain; charset=latin1",
            415,
            "Charset latin1 is not supported: send UTF-8",
        ),
        ("POST /ping/taken", "Content-Length: 11", 413, "the body is longer than 10 bytes"),
        ("POST /ping/taken", &key, 400, "the request has two idempotency keys"),
        (
            "POST /ping/taken",
            "Idempotency-Key: a b",
            400,
            "the idempotency key holds the byte 0x20 at 1, which is not visible ASCII",
        ),
        (
            "GET /poll/42?since=soon",
            "",
            400,
            "\"soon\" is neither `earliest` nor `latest` nor a number of events from 0 to 18446744073709551615",
        ),
        ("GET /poll/taken", "", 423, "someone listens on this exclusive channel"),
    ] {
        let host = if fields.starts_with("Host") { "" } else { "Host: localhost\r\n" };
        let line = log.of(&format!("{request} HTTP/1.1\r\n{host}{fields}"));
        assert_refused(&line, status, reason);
    }
}

#[test]
fn what_a_body_is_refused_for_is_said_and_nothing_of_the_body() {
    let log = Log::start(&[
        "--json",
        "--action",
        "retry",
        "--max-body",
        "100",
        "--max-batch",
        "2",
        "--history",
        "2",
        "--max-channel-bytes",
        "1024",
    ]);
    let _listener = Listener::open(log.server.addr(), "/poll/42");
    for (action, field, body, status, reason) in [
        (
            "ping",
            "",
            "s3cret",
            400,
            "the data is not properly formatted: not JSON: expected value at line 1 column 1",
        ),
        ("retry", "", "s3cret", 400, "the data is no number of milliseconds from 0 to 4294967295"),
        (
            "ping",
            "Content-Type: application/x-ndjson",
            "1\ns3cret",
            400,
            "line 2 is not properly formatted: not JSON: expected value at line 1 column 1",
        ),
        (
            "ping",
            "Content-Type: application/x-ndjson",
            "1\n2\n3",
            413,
            "no more than 2 events may be published at once",
        ),
        ("ping", "Idempotency-Key: k", "1", 200, ""),
        ("ping", "Idempotency-Key: k", "2", 422, "the idempotency key was used for something else"),
        ("ping", "Transfer-Encoding: chunked", "5\r\n12345\r\n61\r\n0", 400, "the body broke off"),
    ] {
        let length = if field.starts_with("Transfer") {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!("POST /{action}/42 HTTP/1.1\r\nHost: localhost\r\n{length}{field}");
        let line = log.with_body(&head, body);
        let reason = if reason.is_empty() { Value::Null } else { json!(reason) };
        assert_eq!((&line["status"], &line["reason"]), (&json!(status), &reason), "{body}");
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }
    assert_eq!(exchange(log.server.addr(), "POST", "/close/42", "").status(), 200);
}

#[test]
fn what_the_hub_refuses_is_said_with_its_limit() {
    let log = Log::start(&[
        "--max-listeners",
        "2",
        "--max-listeners-per-channel",
        "1",
        "--mode",
        "shared",
        "--closed-ttl",
        "60000",
        "--max-channel-bytes",
        "1024",
    ]);
    let addr = log.server.addr();
    drop(Listener::open(addr, "/poll/gone"));
    let mut listener = Listener::open(addr, "/poll/closed");
    assert_eq!(exchange(addr, "POST", "/close/closed", "").status(), 200);
    assert!(listener.block().starts_with("event: sse.end"));
    listener.expect_end();
    let _listener = Listener::open(addr, "/poll/42");

    let ask = |request: &str| log.of(&format!("{request} HTTP/1.1\r\nHost: localhost"));
    let line = ask("POST /ping/nobody");
    assert_refused(&line, 404, "nobody listens on the channel");
    let line = ask("GET /poll/closed");
    assert_refused(&line, 204, "the channel is over");
    let line = ask("GET /poll/42");
    assert_refused(&line, 503, "there may be no more than 1 listeners on this channel");
    let _other = Listener::open(addr, "/poll/43");
    let browser = "Accept: text/event-stream\r\nUser-Agent: Mozilla/5.0";
    let line = log.of(&format!("GET /poll/44 HTTP/1.1\r\nHost: localhost\r\n{browser}"));
    assert_refused(&line, 503, "there may be no more than 2 listeners");
    let body = "x".repeat(2000);
    let head =
        format!("POST /ping/42 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}", body.len());
    let line = log.with_body(&head, &body);
    assert_eq!(line["status"], 413);
    assert!(
        line["reason"].as_str().unwrap().ends_with("bytes of a channel's log, which holds 1024"),
        "{line}"
    );
}

#[test]
fn why_credentials_do_not_do_is_said_without_them() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let log = Log::start(&[
        "--jwt-key",
        &key,
        "--max-auth-failures",
        "1",
        "--trusted-proxy",
        "127.0.0.1",
    ]);
    let reader = issuer.mint(&["--listen", "a", "--expires-in", "1h"]);
    let ended = issuer.sign_for(-600.0, json!({ "sse": { "listen": ["*"] } }));
    for (client, token, path, status, reason) in [
        ("192.0.2.1", "", "/poll/b", 401, "credentials are needed"),
        ("192.0.2.2", &*reader, "/poll/b", 403, "the grant does not permit this"),
        ("192.0.2.3", &ended, "/poll/b", 401, "the credentials are not valid"),
        ("192.0.2.4", "s3cret", "/poll/b", 401, "the credentials are not valid"),
        ("192.0.2.4", "s3cret2", "/poll/b", 429, "too many attempts of the client have failed"),
    ] {
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("\r\nAuthorization: {}", bearer(token))
        };
        let line = log.of(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}{authorization}"
        ));
        assert_refused(&line, status, reason);
        assert!(token.is_empty() || !line.to_string().contains(token), "{line}");
    }
}

#[test]
fn a_grant_that_is_over_and_a_server_that_does_not_answer_are_told_apart() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let key = format!("HS256={}", issuer.key());
    let log = Log::start(&["--jwt-key", &key, "--admin", "0"]);
    let admin = log.server.line();
    let admin = admin.strip_prefix("admin on http://").unwrap().parse().unwrap();
    let field = ("Content-Type", "application/x-www-form-urlencoded");
    Poster::new(admin).post_with("/revoke", field, "subject=alice");
    let token = issuer.mint(&["--subject", "alice", "--listen", "*", "--expires-in", "1h"]);
    let line = log.of(&format!(
        "GET /poll/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}",
        bearer(&token)
    ));
    assert_refused(&line, 401, "the grant has ended or was revoked");

    let upstream = Peer::start([verdict("500 Internal Server Error")]);
    let log = Log::start(&["--auth-url", &upstream.url("/")]);
    let line = log.of("GET /poll/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret");
    assert_refused(&line, 503, "credentials cannot be checked now");
}

#[test]
fn limits_of_one_address_are_named() {
    let log = Log::start(&[
        "--max-listeners-per-address",
        "1",
        "--publish-rate",
        "1",
        "--mode",
        "shared",
        "--trusted-proxy",
        "127.0.0.1",
    ]);
    let client = "X-Forwarded-For: 192.0.2.1";
    let _listener =
        Listener::open_with(log.server.addr(), "/poll/42", &[("X-Forwarded-For", "192.0.2.1")]);
    let line = log.of(&format!("GET /poll/42 HTTP/1.1\r\nHost: localhost\r\n{client}"));
    assert_refused(&line, 503, "there may be no more than 1 listeners of one address");
    let publish = || {
        log.of(&format!(
            "POST /ping/42 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{client}"
        ))
    };
    let mut line = publish();
    while line["status"] == 200 {
        line = publish();
    }
    assert_eq!(line["status"], 429);
    assert!(
        line["reason"].as_str().unwrap().starts_with("there may be no more than 1 publications"),
        "{line}"
    );
}

#[test]
fn a_server_that_ends_says_so_of_those_it_turns_away() {
    let log = Log::start(&["--drain", "600000", "--drain-accept", "--mode", "shared"]);
    let _streams: Vec<_> = (0..10).map(|_| Listener::open(log.server.addr(), "/poll/42")).collect();
    log.server.signal(Signal::TERM);
    log.server.log_line("ending all streams");

    let line = log.of("GET /poll/other HTTP/1.1\r\nHost: localhost");

    assert_refused(&line, 503, "the hub is shutting down");
    log.server.signal(Signal::TERM);
}

#[test]
fn the_reason_is_quoted_in_a_line_of_text() {
    let server = Server::start(&[]);

    exchange(server.addr(), "POST", "/ping/42", "hi");

    let line = server.log_line("status=404");
    assert!(line.contains(r#" reason="nobody listens on the channel" "#), "{line}");
}

fn assert_refused(line: &Value, status: u16, reason: &str) {
    assert_eq!((&line["status"], &line["reason"]), (&json!(status), &json!(reason)), "{line}");
}

/// A server that logs in JSON.
struct Log {
    server: Server,
}

impl Log {
    fn start(args: &[&str]) -> Self {
        Self { server: Server::start(&[&["--log-format", "json"], args].concat()) }
    }

    /// The line of a request without a body.
    fn of(&self, head: &str) -> Value {
        self.with_body(head, "")
    }

    /// The line of a request, which is found by its trace.
    fn with_body(&self, head: &str, body: &str) -> Value {
        static TRACES: AtomicU64 = AtomicU64::new(1);
        let trace = format!("{:032x}", TRACES.fetch_add(1, Ordering::Relaxed));
        let mut connection = TcpStream::connect(self.server.addr()).unwrap();
        let traceparent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
        let request = format!("{}\r\n{traceparent}\r\n\r\n{body}", head.trim_end());
        connection.write_all(request.as_bytes()).unwrap();
        if head.contains("chunked") {
            connection.shutdown(Shutdown::Write).unwrap();
        }
        serde_json::from_str(&self.server.log_line(&trace)).unwrap()
    }
}
