//! What the operator can have done on the address of `--admin`.

use std::{net::SocketAddr, time::Instant};

use rustix::process::Signal;
use serde_json::json;
use sse_testkit::Response;
use tempfile::TempDir;

use crate::support::{Issuer, Listener, Poster, Server, bearer, exchange, passwords, status};

#[test]
fn every_stream_of_a_subject_that_is_revoked_ends_and_none_begins() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let (server, admin) = with_tokens(&issuer, &[]);
    let [first, second, bob] = [("alice", "1"), ("alice", "2"), ("bob", "3")]
        .map(|(subject, id)| mint(&issuer, &["--subject", subject, "--id", id]));
    let of_alice = [(&first, "/poll/a"), (&first, "/poll/b"), (&second, "/poll/a")]
        .map(|(token, path)| listen(&server, path, token));
    let mut of_bob = listen(&server, "/poll/a", &bob);

    let answer = revoke(admin, "subject=alice");

    assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":3}"#));
    assert_eq!(answer.head.field("content-type"), Some("application/json"));
    assert_eq!(answer.head.field("cache-control"), Some("no-store"));
    for mut listener in of_alice {
        assert!(listener.block().starts_with("event: sse.expired"));
        listener.expect_end();
    }
    for (token, expected) in [(&first, 401), (&second, 401), (&bob, 200)] {
        let fields = [("authorization", &*bearer(token))];
        assert_eq!(status(server.addr(), "GET", "/poll/a", &fields), expected);
    }
    assert_eq!(revoke(admin, "subject=alice").text(), r#"{"ended":0}"#);
    let publisher = mint(&issuer, &["--publish", "*"]);
    let fields = [("authorization", &*bearer(&publisher))];
    assert_eq!(status(server.addr(), "POST", "/ping/a", &fields), 200);
    assert_eq!(of_bob.block(), "event: ping\ndata: ");
}

#[test]
fn a_token_is_revoked_by_all_of_it_or_by_its_id_alone() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let (server, admin) = with_tokens(&issuer, &[]);
    let other = mint(&issuer, &["--subject", "alice", "--id", "other"]);
    let _other = listen(&server, "/poll/a", &other);
    for id in ["plain", "a.b.c", "ey", "eyes only", "b%=&+ö", "Bearer"] {
        for by_id in [true, false] {
            let id = &format!("{id}{by_id}");
            let token = mint(&issuer, &["--subject", "alice", "--id", id]);
            let listener = listen(&server, "/poll/a", &token);
            let encoded: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();

            let named = if by_id { encoded } else { token.clone() };
            let answer = revoke(admin, &format!("token={named}"));

            assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":1}"#), "{id}");
            drop(listener);
            let fields = [("authorization", &*bearer(&token))];
            assert_eq!(status(server.addr(), "GET", "/poll/b", &fields), 401, "{id}");
        }
    }
    let fields = [("authorization", &*bearer(&other))];
    assert_eq!(status(server.addr(), "GET", "/poll/b", &fields), 200);
}

#[test]
fn a_token_without_an_id_and_a_damaged_one_revoke_nothing() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let (server, admin) = with_tokens(&issuer, &[]);
    let of_alice = issuer.sign_for(600.0, json!({ "sub": "alice", "sse": { "listen": ["*"] } }));
    let nameless = issuer.sign_for(600.0, json!({ "sse": { "listen": ["*"] } }));
    let _listener = listen(&server, "/poll/a", &of_alice);

    for (token, expected) in [
        (&*of_alice, r#"no jti, so it cannot be revoked alone: revoke its subject "alice""#),
        (&nameless, "neither a jti nor a sub"),
        (&of_alice[..of_alice.len() / 2], "this is no token"),
        (&of_alice.replace('.', "_.")[..], "this is no token"),
        (of_alice.rsplit_once('.').unwrap().0, "this is no token"),
    ] {
        let answer = revoke(admin, &format!("token={token}"));
        assert_eq!(answer.status(), 400, "{token}: {}", answer.text());
        assert!(answer.text().contains(expected), "{token}: {}", answer.text());
        assert!(!answer.text().contains("ey"), "{}", answer.text());
        assert_eq!(answer.text().lines().count(), 1);
    }
    let fields = [("authorization", &*bearer(&of_alice))];
    assert_eq!(status(server.addr(), "GET", "/poll/b", &fields), 200);
}

#[test]
fn a_revocation_is_forgotten_when_it_may_be() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let (server, admin) = with_tokens(&issuer, &[]);
    let token = mint(&issuer, &["--subject", "alice"]);
    let fields = [("authorization", &*bearer(&token))];
    let begun = Instant::now();

    assert_eq!(revoke(admin, "for=1&subject=alice").status(), 200);

    let mut statuses = vec![status(server.addr(), "GET", "/poll/a", &fields)];
    while *statuses.last().unwrap() == 401 {
        statuses.push(status(server.addr(), "GET", "/poll/a", &fields));
    }
    assert!(1 < statuses.len() && 1.0 <= begun.elapsed().as_secs_f64(), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&200));
}

#[test]
fn what_is_to_be_revoked_has_to_be_clear() {
    let (_server, admin) = start(&[]);
    for (form, expected) in [
        ("", "exactly one of subject=... and token=..."),
        ("for=60", "exactly one of"),
        ("subject=alice&token=7", "exactly one of"),
        ("subject=alice&subject=bob", "\"subject\" is there twice"),
        ("subject=", "\"subject\" is empty"),
        ("subject", "\"subject\" is empty"),
        ("token=&subject=alice", "\"token\" is empty"),
        ("Subject=alice", "\"Subject\" is not known: this takes subject, token, for"),
        ("subject=alice&until=1", "\"until\" is not known"),
        ("subject=%", "a % is not followed by two hexadecimal digits"),
        ("subject=al%2", "a % is not followed"),
        ("subject=al%+2ice", "a % is not followed"),
        ("subject=%ff", "not UTF-8"),
        ("subject=alice&for=soon", "for=\"soon\": expected a number with s, m, h or d"),
        ("subject=alice&for=0", "for=\"0\": expected"),
        ("subject=alice&for=-1", "for=\"-1\": expected"),
        ("subject=alice&for=%2B1", "for=\"+1\": expected"),
        ("subject=alice&for=1.5", "for=\"1.5\": expected"),
        ("subject=alice&for=1ms", "for=\"1ms\": expected"),
        ("subject=alice&for=3651d", "from 1s to 3650d"),
        ("subject=alice&for=99999999999999999999", "from 1s to 3650d"),
        ("subject=alice&for=1%0Aline", "for=\"1\\nline\": expected"),
    ] {
        let answer = revoke(admin, form);
        assert_eq!(answer.status(), 400, "{form}: {}", answer.text());
        assert!(answer.text().contains(expected), "{form}: {}", answer.text());
        assert_eq!(answer.text().lines().count(), 1, "{form}");
    }
    for form in ["subject=alice&for=60", "token=7&for=1h", "&&subject=%C3%B6+%26&", "token=8"] {
        let answer = revoke(admin, form);
        assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":0}"#), "{form}");
    }
}

#[test]
fn a_channel_ends_whatever_anybody_may_do() {
    let issuer = Issuer::new("HS256".parse().unwrap());
    let (server, admin) = with_tokens(&issuer, &[]);
    let token = mint(&issuer, &[]);
    for path in ["42", "a%2Fb", "%C3%B6%20%2b+", "end", "a%2fend", ";=."] {
        let listeners = [0; 3].map(|_| listen(&server, &format!("/poll/{path}"), &token));

        let answer = exchange(admin, "POST", &format!("/channels/{path}/end"), "");

        assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":3}"#), "{path}");
        listeners.into_iter().for_each(Listener::expect_end);
        let answer = exchange(admin, "POST", &format!("/channels/{path}/end"), "");
        assert_eq!(answer.status(), 404, "{path}");
    }
}

#[test]
fn a_channel_that_is_only_remembered_ends_too() {
    let (server, admin) = start(&["--history", "10", "--mode", "shared"]);
    let addr = server.addr();
    drop(Listener::open(addr, "/poll/42"));
    assert_eq!(exchange(addr, "POST", "/ping/42", "x").status(), 200);
    let end = |token: &str| exchange(admin, "POST", &format!("/channels/{token}/end"), "");

    assert_eq!(end("other").status(), 404, "history or not, it was never there");
    let answer = end("42");

    assert_eq!(answer.status(), 200, "{}", answer.text());
    let answer = end("42");
    assert_eq!((answer.status(), answer.text()), (404, "there is no channel \"42\"\n"));
}

#[test]
fn what_can_be_no_token_names_no_channel() {
    let (_server, admin) = start(&[]);
    let long = "x".repeat(257);
    for (token, expected) in [
        ("", 400),
        ("%", 400),
        ("%4", 400),
        ("%zz", 400),
        ("%ff", 400),
        ("%00", 400),
        ("a%0Ab", 400),
        (&*long, 400),
        (&long[1..], 404),
        ("%2542", 404),
    ] {
        let answer = exchange(admin, "POST", &format!("/channels/{token}/end"), "");
        assert_eq!(answer.status(), expected, "{token}: {}", answer.text());
        assert_eq!(answer.text().lines().count(), 1, "{token}");
    }
    let answer = post(admin, "/channels/42/end", FORM, "why=because");
    assert_eq!((answer.status(), answer.text().contains("takes none")), (400, true));
}

#[test]
fn a_drain_that_is_asked_for_is_that_of_sigterm() {
    let (server, admin) = start(&["--mode", "shared"]);
    let listener = Listener::open(server.addr(), "/poll/42");

    let answer = exchange(admin, "POST", "/drain", "");

    assert_eq!(answer.status(), 202);
    assert!(answer.text().starts_with("draining: "), "{}", answer.text());
    listener.expect_end();
    assert_eq!(server.into_process().wait().code, Some(0));
}

#[test]
fn a_second_drain_changes_nothing() {
    for by_signal in [true, false] {
        let (server, admin) = start(&["--mode", "shared", "--drain", "600000"]);
        let streams: Vec<_> = (0..20).map(|_| Listener::open(server.addr(), "/poll/42")).collect();
        if by_signal {
            server.signal(Signal::TERM);
            server.log_line("ending all streams");
        } else {
            assert_eq!(exchange(admin, "POST", "/drain", "").status(), 202);
        }

        for window in ["", "window=0"] {
            let answer = post(admin, "/drain", FORM, window);
            assert_eq!(answer.status(), 409, "{}", answer.text());
            assert!(answer.text().starts_with("draining already"), "{}", answer.text());
        }

        let ready = exchange(admin, "GET", "/readyz", "");
        assert_eq!(ready.status(), 503);
        server.signal(Signal::TERM);
        let ended = server.into_process().wait();
        assert_eq!(ended.code, Some(1), "it was still draining: {ended:?}");
        drop(streams);
    }
}

#[test]
fn a_drain_can_have_a_window_of_its_own() {
    let (server, admin) = start(&["--mode", "shared", "--drain", "600000"]);
    let listeners: Vec<_> = (0..10).map(|_| Listener::open(server.addr(), "/poll/42")).collect();
    for (form, expected) in [
        ("window=soon", "window=\"soon\": expected a number from 0 to 4294967295"),
        ("window=-1", "window=\"-1\": expected"),
        ("window=4294967296", "window=\"4294967296\": expected"),
        ("window=", "\"window\" is empty"),
        ("drain=1", "\"drain\" is not known: this takes window"),
        ("window=1&window=2", "twice"),
    ] {
        let answer = post(admin, "/drain", FORM, form);
        assert_eq!(answer.status(), 400, "{form}: {}", answer.text());
        assert!(answer.text().contains(expected), "{form}: {}", answer.text());
    }
    assert_eq!(exchange(admin, "GET", "/readyz", "").status(), 200);

    assert_eq!(post(admin, "/drain", FORM, "window=300").status(), 202);

    server.log_line("window=300ms");
    drop(listeners);
    assert_eq!(server.into_process().wait().code, Some(0));
}

#[test]
fn an_action_is_a_post_of_a_short_form() {
    let (_server, admin) = start(&[]);
    for path in ["/revoke", "/drain", "/channels/42/end"] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let fields = [("content-type", FORM)];
            let answer = status(admin, method, path, &fields);
            assert_eq!(answer, 405, "{method} {path}");
        }
        let allow = exchange(admin, "GET", path, "").head.field("allow").map(str::to_owned);
        assert_eq!(allow.as_deref(), Some("POST"), "{path}");
        for (content_type, expected) in [
            ("application/json", 415),
            ("text/plain", 415),
            ("multipart/form-data; boundary=x", 415),
            ("application/x-www-form-urlencoded; charset=iso-8859-1", 415),
            ("application/x-www-form-urlencoded-not", 415),
            ("Application/X-WWW-Form-URLEncoded ; charset=\"UTF-8\"", 400),
            (FORM, 400),
        ] {
            let answer = post(admin, path, content_type, "unknown=1");
            assert_eq!(answer.status(), expected, "{path} {content_type}");
        }
        assert_eq!(exchange(admin, "POST", path, "unknown=1").status(), 415, "{path}");
        let longest = format!("unknown={}", "x".repeat((64 << 10) - 8));
        assert_eq!(post(admin, path, FORM, &longest).status(), 400, "{path}");
        assert_eq!(post(admin, path, FORM, &(longest + "x")).status(), 413, "{path}");
    }
    let huge = "x".repeat(4 << 20);
    assert_eq!(post(admin, "/revoke", FORM, &huge).status(), 413);
    let chunked = format!("{:x}\r\n{huge}\r\n0\r\n\r\n", huge.len());
    let head = format!("Host: localhost\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked");
    let answer =
        Poster::new(admin).send(format!("POST /revoke HTTP/1.1\r\n{head}\r\n\r\n{chunked}"));
    assert_eq!(answer.status(), 413);
}

#[test]
fn no_page_of_another_site_has_anything_done() {
    let (server, admin) = start(&["--mode", "shared"]);
    let _listener = Listener::open(server.addr(), "/poll/42");
    for fields in [
        "Host: evil.example",
        "Host: localhost\r\nOrigin: http://evil.example",
        "Host: localhost\r\nOrigin: null",
        "Host: localhost\r\nSec-Fetch-Site: cross-site",
        "Host: localhost\r\nSec-Fetch-Site: same-site",
    ] {
        for path in ["/revoke", "/drain", "/channels/42/end"] {
            let head = format!("POST {path} HTTP/1.1\r\n{fields}\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(Poster::new(admin).send(head).status(), 403, "{path} {fields}");
        }
    }
    let fields = "Host: localhost\r\nOrigin: http://localhost\r\nContent-Length: 0";
    let answer =
        Poster::new(admin).send(format!("POST /channels/42/end HTTP/1.1\r\n{fields}\r\n\r\n"));
    assert_eq!((answer.status(), answer.text()), (200, r#"{"ended":1}"#));
}

#[test]
fn the_log_says_who_has_what_done() {
    let dir = TempDir::new().unwrap();
    let file = passwords(&dir, &[("Aladdin", "open sesame", &[])]);
    let (server, admin) = start(&["--admin-passwords", &file, "--mode", "shared"]);
    let _listener = Listener::open(server.addr(), "/poll/some-long-name");
    let mut operator = Poster::new(admin);
    let credential = ("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

    for path in ["/revoke", "/drain", "/channels/some-long-name/end"] {
        assert_eq!(exchange(admin, "POST", path, "").status(), 401, "{path}");
    }
    for (path, named, expected) in [
        ("/channels/some-long-name/end", "ended a channel", " ended=1"),
        ("/drain", "draining, as was asked for", " asker=Aladdin at 127.0.0.1:"),
    ] {
        assert!(operator.post_with(path, credential, "").status() < 300, "{path}");
        let line = server.log_line(named);
        assert!(line.contains("INFO") && line.contains(expected), "{line}");
        assert!(line.contains(" asker=Aladdin at 127.0.0.1:"), "{line}");
    }
    assert_eq!(server.into_process().wait().code, Some(0));
}

/// A server with an operator's address, and that.
fn start(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}

fn with_tokens(issuer: &Issuer, args: &[&str]) -> (Server, SocketAddr) {
    let key = format!("HS256={}", issuer.key());
    start(&[&["--mode", "shared", "--jwt-key", &key], args].concat())
}

/// A token that may listen everywhere.
fn mint(issuer: &Issuer, options: &[&str]) -> String {
    issuer.mint(&[&["--listen", "*", "--expires-in", "1h"], options].concat())
}

/// A stream, behind its first block.
fn listen(server: &Server, path: &str, token: &str) -> Listener {
    let mut listener =
        Listener::open_with(server.addr(), path, &[("authorization", &bearer(token))]);
    assert_eq!(listener.head().status, 200, "{path}");
    assert!(listener.block().starts_with("event: sse.open"));
    listener
}

fn revoke(admin: SocketAddr, form: &str) -> Response {
    post(admin, "/revoke", FORM, form)
}

fn post(admin: SocketAddr, path: &str, content_type: &str, body: &str) -> Response {
    Poster::new(admin).post_with(path, ("Content-Type", content_type), body)
}

const FORM: &str = "application/x-www-form-urlencoded";
