//! How much a body may be, and how long it may take.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Setup, Target, chunk, chunked_head, contract::expect, head, post, post_head};

/// "413, body over the limit (default 1 MiB): `Data is too large`."
pub async fn the_limit_is_1_mib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let largest = "a".repeat(1 << 20);

    target.publish("ping", "42", &largest).await;
    listener.expect(&format!("event: ping\ndata: {largest}\n\n")).await;

    let refused = target.post("ping", "42", largest + "a").await;
    expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
}

/// "413, body over the limit": to the byte, by length and by counting.
pub async fn the_limit_is_exact(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_body: 10, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    let chunked = |pieces: &[&[u8]]| {
        let mut request = chunked_head("/ping/42").into_bytes();
        pieces.iter().for_each(|piece| request.extend(chunk(piece)));
        request.extend(chunk(b""));
        request
    };

    for request in [post("/ping/42", b"0123456789"), chunked(&[b"01234", b"56789"])] {
        expect::published(&target.exchange(request).await, "text/plain");
        listener.expect("event: ping\ndata: 0123456789\n\n").await;
    }
    for request in [post("/ping/42", b"0123456789a"), chunked(&[b"01234", b"56789", b"a"])] {
        let refused = target.exchange(request).await;
        expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
    }
}

/// "413 [...] judged by Content-Length where there is one": before any of the body has come.
pub async fn a_length_over_the_limit_is_refused_at_once(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;

    for len in [(1 << 20) + 1, 1 << 31, 1 << 40, usize::MAX >> 1] {
        let refused = target.exchange(post_head("/ping/42", len)).await;
        expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
    }
}

/// "413, body over the limit": without a length, as soon as the body is over it.
pub async fn an_endless_body_is_refused_once_it_is_too_large(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_body: 1000, ..Setup::default() }).await;
    let _listener = target.listen("42").await;

    let mut connection = target.connect().await;
    connection.send(chunked_head("/ping/42")).await;
    connection.send(chunk(&[b'a'; 1001])).await;

    let refused = connection.response().await;
    expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
}

/// "413 [...] judged by Content-Length": a client that waits for `100 Continue` is spared sending.
pub async fn a_client_that_expects_100_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;
    let fields = [("Content-Length", "8388608"), ("Expect", "100-continue")];

    let refused = target.exchange(head("POST", "/ping/42", &fields)).await;

    expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
}

/// "408, a body that does not arrive within 30 s: `Data did not arrive in time`."
pub async fn a_body_that_stops_is_given_up(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { body_timeout: SHORT, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    let heads = [post_head("/ping/42", 10), chunked_head("/ping/42") + "5\r\nab"];

    for head in heads {
        let mut connection = target.connect().await;
        let sent = Instant::now();
        connection.send(head).await;
        let refused = connection.response().await;
        assert!(SHORT <= sent.elapsed(), "after {:?}", sent.elapsed());
        expect::refusal(&refused, "408: Request Timeout", "Data did not arrive in time");
    }

    target.publish("ping", "42", "still here").await;
    listener.expect("event: ping\ndata: still here\n\n").await;
}

/// "A body that does not arrive within 30 s": the whole of it, however steadily it drips.
pub async fn a_body_that_drips_is_given_up(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { body_timeout: SHORT, ..Setup::default() }).await;
    let _listener = target.listen("42").await;

    let mut connection = target.connect().await;
    let sent = Instant::now();
    connection.send(post_head("/ping/42", 100_000)).await;
    while !connection.comes_within(Duration::from_millis(10)).await {
        assert!(sent.elapsed() < SHORT * 30, "it is still waited for");
        connection.send("a").await;
    }

    let refused = connection.response().await;
    assert!(SHORT <= sent.elapsed(), "after {:?}", sent.elapsed());
    expect::refusal(&refused, "408: Request Timeout", "Data did not arrive in time");
}

/// "408": a body that arrives in time is none of it, though it comes slowly.
pub async fn a_body_may_take_its_time(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    let mut connection = target.connect().await;
    connection.send(post_head("/ping/42", 5)).await;
    for byte in crate::single_bytes(b"21\n22") {
        sleep(Duration::from_millis(50)).await;
        connection.send(byte).await;
    }

    expect::published(&connection.response().await, "text/plain");
    listener.expect("event: ping\ndata: 21\ndata: 22\n\n").await;
}

/// A body that breaks off was never posted.
pub async fn half_a_body_publishes_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;

    for head in [post_head("/ping/42", 10), chunked_head("/ping/42") + "5\r\nabcde\r\n"] {
        let mut closed = target.connect().await;
        closed.send(&head).await;
        closed.send("abc").await;
        drop(closed);
        let mut reset = target.connect().await;
        reset.send(&head).await;
        reset.reset();
    }
    sleep(Duration::from_millis(50)).await;

    target.publish("ping", "42", "first").await;
    listener.expect("event: ping\ndata: first\nid: 0\n\n").await;
}

const SHORT: Duration = Duration::from_millis(300);
