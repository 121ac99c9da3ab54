//! How a stream opens.

use std::time::Duration;

use crate::{Listener, OPEN, Setup, Target, contract::expect};

/// "The head of a listen response is sent at once, before any event (orig. held it back until the
/// first event, so that a browser's `onopen` waited)."
pub async fn the_head_is_sent_at_once(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut listener = target.listen("42").await;

    listener.expect_silence(Duration::from_millis(300)).await;
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// "With it, in the same write, the first block": a proxy that holds the head back until there is a byte
/// of the body has one.
pub async fn the_first_block_comes_with_the_head(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for round in 0..20 {
        let mut connection = target.connect().await;
        connection.send(target.listen_request(&round.to_string())).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200);
        assert!(connection.unread().ends_with(&format!("{OPEN}\r\n")), "round {round}");
    }
}

/// "`--no-greeting`: a comment in its place."
pub async fn the_first_block_can_be_a_comment(start: impl AsyncFn(Setup) -> Target) {
    let silent = |config: sse_core::HubConfig| config.with_greeting(false);
    let target = start(Setup { hub: silent, ..Setup::default() }).await;

    let mut listener = target.listen_at("/poll/42").await;

    target.publish("ping", "42", "hi").await;
    listener.expect(":\n\nevent: ping\ndata: hi\n\n").await;
}

/// "`retry` is the channel's, else `--retry`."
pub async fn the_first_block_tells_the_reconnection_time(start: impl AsyncFn(Setup) -> Target) {
    let later = |config: sse_core::HubConfig| config.with_retry(Duration::from_millis(1_234));
    let setup = Setup { shared: true, hub: later, ..Setup::string_with_ids() };
    let target = start(setup).await;

    let mut first = target.listen_at("/poll/42").await;
    first.expect(&OPEN.replace("3000", "1234")).await;
    target.publish("retry", "42", "77").await;
    let mut second = target.listen_at("/poll/42").await;

    second.expect(&OPEN.replace("3000", "77")).await;
}

/// Whoever has the head has the channel: what is published then arrives.
pub async fn what_is_published_after_the_head_arrives(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for round in 0..100 {
        let mut listener = target.listen("42").await;
        expect::published(&target.post("ping", "42", round.to_string()).await, "text/plain");
        target.publish("close", "42", "").await;
        listener.expect(&format!("event: ping\ndata: {round}\n\n")).await;
        listener.expect_end().await;
    }
}

/// A stream begins where it was opened: nothing of what was before is sent.
pub async fn a_stream_begins_where_it_was_opened(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let first = target.listen("42").await;
    target.publish("ping", "42", "before").await;
    drop(first);

    let mut second = target.listen("42").await;
    target.publish("ping", "42", "after").await;

    second.expect("event: ping\ndata: after\n\n").await;
}

/// "`Last-Event-ID` is read as untrusted bytes: any length, not necessarily UTF-8."
pub async fn any_last_event_id_is_taken(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let huge = vec![b'9'; 60_000];
    let values: [&[u8]; 12] = [
        b"",
        b" ",
        b"7",
        b"-1",
        b"99999999999999999999999999",
        b"not a number",
        b";;;=:,\"\\",
        b"\xFF\xFE",
        b"\xC3\x28\x80",
        "€".as_bytes(),
        b"a\tb",
        &huge,
    ];

    for (id, value) in values.into_iter().enumerate() {
        let field = [b"Last-Event-ID: ", value, b"\r\n"].concat();
        let mut listener = listen_with(&target, &field).await;
        target.publish("ping", "42", "hi").await;
        listener.expect(&format!("event: ping\ndata: hi\nid: {id}\n\n")).await;
        target.publish("close", "42", "").await;
    }
}

/// "`Last-Event-ID` is read as untrusted bytes": also when it stands there twice.
pub async fn two_last_event_ids_are_taken(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;

    let mut listener = listen_with(&target, b"Last-Event-ID: 1\r\nlast-event-id: \xFF\r\n").await;
    target.publish("ping", "42", "hi").await;

    listener.expect("event: ping\ndata: hi\nid: 0\n\n").await;
}

async fn listen_with(target: &Target, field: &[u8]) -> Listener {
    let mut connection = target.connect().await;
    let request = [b"GET /poll/42 HTTP/1.1\r\nHost: test\r\n", field, b"\r\n"].concat();
    connection.send(request).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{head:?}");
    Listener::new(connection, head).opened().await
}
