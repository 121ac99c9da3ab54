//! Channels that several may listen on.

use crate::{Setup, Target, contract::expect};

/// "Delivered, once and in order, to every listener."
pub async fn everyone_receives_everything(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::string_with_ids() }).await;
    let mut listeners = Vec::new();
    for _ in 0..5 {
        listeners.push(target.listen("42").await);
    }

    for data in 0..50 {
        target.publish("ping", "42", data.to_string()).await;
    }

    for listener in &mut listeners {
        for data in 0..50 {
            listener.expect(&format!("event: ping\ndata: {data}\nid: {data}\n\n")).await;
        }
    }
}

/// A listener receives what is published from its own beginning on.
pub async fn who_comes_later_receives_what_comes_later(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::default() }).await;
    let mut early = target.listen("42").await;
    target.publish("ping", "42", "1").await;
    let mut late = target.listen("42").await;

    target.publish("ping", "42", "2").await;

    early.expect("event: ping\ndata: 1\n\nevent: ping\ndata: 2\n\n").await;
    late.expect("event: ping\ndata: 2\n\n").await;
}

/// "If the last listener left [...], 404": not before the last.
pub async fn the_channel_lasts_until_the_last_has_left(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::default() }).await;
    let first = target.listen("42").await;
    let mut second = target.listen("42").await;

    drop(first);
    target.publish("ping", "42", "hi").await;
    second.expect("event: ping\ndata: hi\n\n").await;
    assert!(target.has_listener("42").await);

    drop(second);
    target.until_left("42").await;
}

/// "`POST /close/{token}`: [...] ends every listener's stream cleanly."
pub async fn close_ends_every_stream(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::default() }).await;
    let mut listeners = Vec::new();
    for _ in 0..5 {
        listeners.push(target.listen("42").await);
    }
    target.publish("ping", "42", "last").await;

    target.publish("close", "42", "").await;

    let refused = target.post("ping", "42", "hi").await;
    expect::refusal(&refused, "404: Not Found", "Target is not connected");
    for listener in &mut listeners {
        listener.expect("event: ping\ndata: last\n\n").await;
        listener.expect_end().await;
    }
}
