//! Tickets: what the `EventSource` of a browser, which sets no headers, has in its URL.

use std::fs;

use serde_json::{Value, json};
use sse_access::Algorithm;
use sse_testkit::Response;
use tempfile::TempDir;

use crate::support::{
    CLIENT, Issuer, Listener, Poster, Process, Server, bearer, passwords, run, status,
};

#[test]
fn a_ticket_is_for_listening_on_its_channel_alone_and_as_often_as_needed() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let server = Server::start(&["--jwks", &issuer.jwks(), "--ticket-ttl", "60000"]);
    let token = bearer(&issuer.mint(&["--listen", "*", "--publish", "*", "--subject", "alice"]));
    let answer = ask_ticket(&server, "room%3A1", &token);

    assert_eq!(answer.head.field("content-type"), Some("application/json"));
    assert_eq!(answer.head.field("cache-control"), Some("no-store"));
    let said: Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(said.as_object().unwrap().len(), 2, "{said}");
    assert!(said["expires"].is_u64(), "{said}");
    let ticket = ticket(&answer);
    for _ in 0..2 {
        let path = format!("/poll/room:1?since=earliest&ticket={ticket}");
        let listener = Listener::open_whole(server.addr(), &path);
        assert_eq!(listener.head().status, 200);
        drop(listener);
    }
    let (start, end) = ticket.split_at(ticket.len() - 10);
    let damaged = format!("{start}{}", end.chars().rev().collect::<String>());
    for (method, path, ticket, expected) in [
        ("HEAD", "/poll/room:1", &ticket, 200),
        ("HEAD", "/poll/room:2", &ticket, 403),
        ("HEAD", "/poll/room:", &ticket, 403),
        ("POST", "/ping/room:1", &ticket, 403),
        ("POST", "/close/room:1", &ticket, 403),
        ("POST", "/ticket/room:2", &ticket, 403),
        ("HEAD", "/poll/room:1", &damaged, 401),
        ("HEAD", "/poll/room:1", &String::new(), 401),
    ] {
        let path = format!("{path}?ticket={ticket}");
        assert_eq!(status(server.addr(), method, &path, &[]), expected, "{method} {path}");
    }
}

#[test]
fn the_client_listens_by_a_ticket_in_its_url() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let server = Server::start(&["--jwks", &issuer.jwks(), "--anonymous-publish", "a"]);
    let token = bearer(&issuer.mint(&["--listen", "a"]));
    let ticket = ticket(&ask_ticket(&server, "a", &token));
    let url = format!("{}/poll/a?ticket={ticket}", server.url());
    let listener = Process::start(CLIENT, ["--url", &url, "--count", "1", "-d"]);
    listener.log_line("open");

    assert_eq!(status(server.addr(), "POST", "/ping/a", &[]), 200);

    assert_eq!(listener.line(), "Event<,ping,>");
    let ended = run(CLIENT, ["--url", &url.replace("poll/a", "poll/b")]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("403 Forbidden"), "{ended:?}");
}

#[test]
fn a_key_in_a_file_makes_tickets_for_another_server_and_for_the_next_one() {
    let (issuer, dir) = (Issuer::new(Algorithm::EdDsa), TempDir::new().unwrap());
    let key = dir.path().join("ticket.key");
    fs::write(&key, [7; 32]).unwrap();
    let jwks = issuer.jwks();
    let shared = ["--jwks", &jwks, "--ticket-key", key.to_str().unwrap()];
    let first = Server::start(&shared);
    let (twin, stranger) = (Server::start(&shared), Server::start(&shared[..2]));
    let ticket = ticket(&ask_ticket(&first, "a", &bearer(&issuer.mint(&["--listen", "a"]))));
    let path = format!("/poll/a?ticket={ticket}");
    drop(first);
    let next = Server::start(&shared);

    assert_eq!(status(twin.addr(), "HEAD", &path, &[]), 200);
    assert_eq!(status(next.addr(), "HEAD", &path, &[]), 200);
    assert_eq!(status(stranger.addr(), "HEAD", &path, &[]), 401);
    stranger.log_line("WARN without --ticket-key, tickets end with this process");
}

#[test]
fn a_ticket_ends_with_its_time_or_with_the_grant_that_it_came_of() {
    let issuer = Issuer::new(Algorithm::EdDsa);
    let short = Server::start(&["--jwks", &issuer.jwks(), "--ticket-ttl", "1500"]);
    let long = Server::start(&["--jwks", &issuer.jwks()]);
    let lasting = issuer.mint(&["--listen", "a"]);
    let passing = issuer.sign_for(1.5, json!({ "sse": { "listen": ["a"] } }));

    let listening = [(short, lasting), (long, passing)].map(|(server, token)| {
        let ticket = ticket(&ask_ticket(&server, "a", &bearer(&token)));
        let path = format!("/poll/a?ticket={ticket}");
        (Listener::open(server.addr(), &path), server, path)
    });

    for (mut listener, server, path) in listening {
        assert_eq!(listener.block(), "event: sse.expired\ndata: {}");
        listener.expect_end();
        assert_eq!(status(server.addr(), "HEAD", &path, &[]), 401);
    }
}

#[test]
fn a_header_beats_a_cookie_and_a_cookie_beats_a_ticket() {
    let (issuer, dir) = (Issuer::new(Algorithm::EdDsa), TempDir::new().unwrap());
    let users = passwords(&dir, &[]);
    let args = ["--jwks", &issuer.jwks(), "--cookie", "c", "--password-file", &users];
    let server = Server::start(&args);
    let [a, b] = ["a", "b"].map(|channel| issuer.mint(&["--listen", channel]));
    let (bearer_a, bearer_b) = (bearer(&a), bearer(&b));
    let (cookie_a, cookie_b) = (format!("c={a}"), format!("c={b}"));
    let ticket = ticket(&ask_ticket(&server, "b", &bearer_b));
    let by_ticket = format!("/poll/b?ticket={ticket}");

    let header = |value| ("authorization", value);
    let cookie = |value| ("cookie", value);
    for (path, fields, expected) in [
        (&*by_ticket, &[][..], 200),
        (&by_ticket, &[header(&*bearer_a)], 403),
        (&by_ticket, &[cookie(&*cookie_a)], 403),
        (&by_ticket, &[header("Bearer x"), cookie(&cookie_b)], 401),
        ("/poll/b", &[header(&bearer_b), cookie(&cookie_a)], 200),
        ("/poll/b?ticket=x", &[cookie(&cookie_b)], 200),
        // Two of a kind are none.
        ("/poll/b", &[header(&bearer_b), header(&bearer_a)], 401),
        ("/poll/b", &[cookie(&cookie_b), cookie(&cookie_a)], 401),
        (&format!("{by_ticket}&ticket=x"), &[], 401),
        (&format!("{by_ticket}&ticket="), &[], 401),
    ] {
        assert_eq!(status(server.addr(), "HEAD", path, fields), expected, "{path} {fields:?}");
    }
}

#[test]
fn without_credentials_or_access_control_there_is_no_ticket() {
    let open = Server::start(&[]);
    let issuer = Issuer::new(Algorithm::EdDsa);
    let controlled = Server::start(&["--jwks", &issuer.jwks()]);

    let unknown = Poster::new(open.addr()).ask("POST", "/ticket/a", &[]);
    assert_eq!(unknown.status(), 404);
    assert!(unknown.text().contains("Unknown action requested"), "{unknown:?}");
    assert_eq!(status(controlled.addr(), "POST", "/ticket/a", &[]), 401);
}

fn ask_ticket(server: &Server, channel: &str, authorization: &str) -> Response {
    let path = format!("/ticket/{channel}");
    let answer = Poster::new(server.addr()).post_with(&path, ("authorization", authorization), "");
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer
}

fn ticket(answer: &Response) -> String {
    let said: Value = serde_json::from_str(answer.text()).unwrap();
    said["ticket"].as_str().unwrap().to_owned()
}
