//! An answer that comes word by word, as that of a language model does.

use super::process::Example;
use crate::{Listener, Target, post};

/// One event a token, and `[DONE]` behind them.
pub async fn they_come_one_by_one_and_end(package: &str) {
    let (_server, target) = Example::start(package, "tokens", &[]);

    let mut listener = ask(&target, "to be or").await;

    for token in ["to", "be", "or", "[DONE]"] {
        listener.expect(&format!("data: {token}\n\n")).await;
    }
    listener.expect_end().await;
}

/// What makes the tokens ends with the connection of who reads them.
pub async fn the_producer_stops_when_nobody_reads(package: &str) {
    let (mut server, target) = Example::start(package, "tokens", &[]);
    let mut listener = ask(&target, &"word ".repeat(10_000)).await;
    listener.expect("data: word\n\n").await;

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
