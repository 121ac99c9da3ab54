//! Streams that not everybody may have, and answers with a status, headers and cookies of their own.

use super::process::Example;
use crate::{Listener, Target, head, post_head};

/// A route of the application's own answers with a channel, once it has looked at a cookie.
pub async fn a_channel_is_behind_a_look_at_a_cookie(package: &str) {
    let (_server, target) = Example::start(package, "guarded", &[]);
    for cookies in [&[][..], &[("Cookie", "session=guessed")], &[("Cookie", "theme=dark")]] {
        let refused = target.exchange(head("GET", "/mine", cookies)).await;
        assert_eq!(refused.status(), 401, "{cookies:?}");
    }

    let mut listener = open(&target, head("GET", "/mine", &[SESSION])).await;
    let said = target.exchange(head("POST", "/events/ping/alice", &[SESSION, EMPTY])).await;

    assert_eq!(said.status(), 200);
    assert_eq!(listener.head().status, 200);
    assert_eq!(listener.head().field("x-user"), Some("alice"));
    assert_eq!(listener.head().field("content-type"), Some("text/event-stream"));
    listener.expect("event: ping\ndata: \n\n").await;
}

/// Nobody listens or publishes by the protocol without a session.
pub async fn the_protocol_is_behind_a_layer(package: &str) {
    let (_server, target) = Example::start(package, "guarded", &[]);
    for (method, path) in [("GET", "/events/poll/42"), ("POST", "/events/ping/42")] {
        let refused = target.exchange(head(method, path, &[EMPTY])).await;
        assert_eq!(refused.status(), 401, "{method} {path}");
    }

    let mut listener = open(&target, head("GET", "/events/poll/42", &[SESSION])).await;
    let said = target.exchange(head("POST", "/events/ping/42", &[SESSION, EMPTY])).await;

    assert_eq!(said.status(), 200);
    listener.expect("event: ping\ndata: \n\n").await;
}

/// They come with the head of the stream.
pub async fn a_stream_has_a_status_a_header_and_a_cookie_of_its_own(package: &str) {
    let (_server, target) = Example::start(package, "guarded", &[]);

    let mut listener = {
        let mut connection = target.connect().await;
        connection.send(post_head("/answers", 0)).await;
        let head = connection.head().await;
        Listener::new(connection, head)
    };

    assert_eq!(listener.head().status, 201);
    assert_eq!(listener.head().field("location"), Some("/answers/7"));
    assert_eq!(listener.head().field("set-cookie"), Some("answer=7; HttpOnly"));
    assert_eq!(listener.head().field("content-type"), Some("text/event-stream"));
    listener.expect("data: to\nid: 1\n\ndata: be\nid: 2\n\n").await;
    listener.expect_end().await;
}

/// A stream that may begin with the block of the protocol, which is read.
async fn open(target: &Target, request: String) -> Listener {
    let mut connection = target.connect().await;
    connection.send(request).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{head:?}");
    Listener::new(connection, head).opened().await
}

const SESSION: (&str, &str) = ("Cookie", "theme=dark; session=s3cret");
const EMPTY: (&str, &str) = ("Content-Length", "0");
