//! An answer that comes word by word, as that of a language model does.

use super::process::Example;
use crate::{Listener, Target, head, post};

/// One event a token, and `[DONE]` behind them.
pub async fn they_come_one_by_one_and_end(package: &str) {
    let (_server, target) = Example::start(package, "tokens", &[]);

    let mut listener = ask(&target, "to be or").await;

    for (place, token) in (1..).zip(["to", "be", "or", "[DONE]"]) {
        listener.expect(&format!("data: {token}\nid: {place}\n\n")).await;
    }
    listener.expect_end().await;
}

/// A browser comes back after the end with the last event ID, and is told not to; after a break it has
/// what is missing.
pub async fn a_browser_that_has_all_comes_back_once(package: &str) {
    let (_server, target) = Example::start(package, "tokens", &[]);
    let mut listener = target.listen_at("/tokens?to+be").await;
    for event in ["data: to\nid: 1\n\n", "data: be\nid: 2\n\n", "data: [DONE]\nid: 3\n\n"] {
        listener.expect(event).await;
    }
    listener.expect_end().await;

    let again = async |last| {
        let fields = [("Accept", "text/event-stream"), ("Last-Event-ID", last)];
        target.exchange(head("GET", "/tokens?to+be", &fields)).await
    };

    assert_eq!(again("3").await.status(), 204, "after the end");
    let rest = again("1").await;
    assert_eq!(rest.text(), "data: be\nid: 2\n\ndata: [DONE]\nid: 3\n\n", "after a break");
}

/// What makes the tokens ends with the connection of who reads them.
pub async fn the_producer_stops_when_nobody_reads(package: &str) {
    let (mut server, target) = Example::start(package, "tokens", &[]);
    let mut listener = ask(&target, &"word ".repeat(10_000)).await;
    listener.expect("data: word\nid: 1\n\n").await;

    drop(listener);

    server.expect_stderr("stopped\n");
}

async fn ask(target: &Target, prompt: &str) -> Listener {
    let mut connection = target.connect().await;
    connection.send(post("/tokens", prompt.as_bytes())).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{head:?}");
    Listener::new(connection, head)
}
