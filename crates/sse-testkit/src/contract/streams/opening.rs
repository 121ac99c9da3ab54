//! How an answer from a stream begins.

use futures_util::{future::join_all, stream};
use sse_core::Event;

use super::ends::pending;
use crate::{Listener, Setup, StreamEnd, Streams, Target, contract::expect, head};

/// The headers keep caches, proxies and compressors from holding events back.
pub async fn the_head_keeps_events_from_being_held_back(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(pending()), ..Setup::default() }).await;

    let listener = target.listen_at("/stream").await;

    let fields = [
        "cache-control: no-cache, no-transform",
        "content-type: text/event-stream",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
    ];
    assert_eq!(expect::unframed(listener.head()), fields);
}

/// The protocol is served beside it.
pub async fn the_protocol_is_served_beside_it(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(pending()), ..Setup::default() }).await;
    let _stream = target.listen_at("/stream").await;
    let mut listener = target.listen("42").await;

    target.publish("ping", "42", "hi").await;

    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// The last event ID comes from the header, or else from the query.
pub async fn the_last_event_id_is_told(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(echo()), ..Setup::default() }).await;

    for (path, header, expected) in [
        ("/stream", None, ""),
        ("/stream", Some("41"), "41"),
        ("/stream?last_event_id=4%202", None, "4 2"),
        ("/stream?lastEventId=43", None, "43"),
        ("/stream?last_event_id=42", Some("41"), "41"),
        ("/stream?a=b", None, ""),
    ] {
        let fields: Vec<_> = header.map(|id| ("Last-Event-ID", id)).into_iter().collect();
        let mut connection = target.connect().await;
        connection.send(head("GET", path, &fields)).await;
        let opened = connection.head().await;
        assert_eq!(opened.status, 200, "{path} {header:?}");
        Listener::new(connection, opened).expect(&format!("data: {expected}\n\n")).await;
    }
}

/// A client may send any bytes for the last event ID, of any length.
pub async fn any_last_event_id_is_taken(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(echo()), ..Setup::default() }).await;
    let huge = "9".repeat(30_000);

    for (sent, told) in [
        (&b"\xFF\xFE"[..], "\u{FFFD}\u{FFFD}"),
        ("€".as_bytes(), "€"),
        (b";=:,\"\\", ";=:,\"\\"),
        (huge.as_bytes(), &huge),
    ] {
        let mut connection = target.connect().await;
        let start = b"GET /stream HTTP/1.1\r\nHost: test\r\nLast-Event-ID: ";
        connection.send([start, sent, b"\r\n\r\n"].concat()).await;
        let opened = connection.head().await;
        assert_eq!(opened.status, 200, "{told:.20}");
        Listener::new(connection, opened).expect(&format!("data: {told}\n\n")).await;
    }
}

/// A client of HTTP/1.0 knows no chunks: its stream ends with the connection.
pub async fn http_1_0_gets_no_chunks(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(echo()), ..Setup::default() }).await;

    let mut connection = target.connect().await;
    connection.send("GET /stream HTTP/1.0\r\n\r\n").await;
    let head = connection.head().await;
    assert_eq!((head.status, head.field("transfer-encoding")), (200, None));

    let mut listener = Listener::new(connection, head);
    listener.expect("data: \n\n").await;
    listener.expect_end().await;
}

/// A stream without a length ends with the connection of a client of HTTP/1.0, whether the client would
/// keep it or not: no other answer stands in the stream.
pub async fn nothing_follows_a_stream_of_http_1_0(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(echo()), ..Setup::default() }).await;

    for (second, is_at_once) in [
        ("", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET /stream HTTP/1.1\r\nHost: test\r\n\r\n", true),
        ("POST /ping/none HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", true),
    ] {
        let kept = ["", "Connection: close\r\n", "Connection: keep-alive\r\n"];
        let firsts = kept.iter().enumerate().flat_map(|(token, fields)| {
            [("/stream".to_owned(), fields), (format!("/poll/{token}"), fields)]
        });
        // Together, as the end of a stream may take a second to come.
        join_all(firsts.map(async |(path, fields)| {
            let first = format!("GET {path} HTTP/1.0\r\n{fields}\r\n");
            let (stream, end) = until_the_end(&target, &first, second, is_at_once).await;

            let case = format!("{first:?}, then {second:?}");
            assert!(!stream.contains("HTTP/1"), "{case}: {stream:?}");
            // What comes to a closed socket is answered with a reset.
            assert!(end == StreamEnd::Clean || !is_at_once, "{case}: {end:?}");
            if path == "/stream" && end == StreamEnd::Clean {
                assert_eq!(stream, "data: \n\n", "{case}");
            }
        }))
        .await;
    }
}

/// What `first` is answered up to the end of the connection, with `second` behind it.
async fn until_the_end(
    target: &Target,
    first: &str,
    second: &str,
    is_at_once: bool,
) -> (String, StreamEnd) {
    let mut connection = target.connect().await;
    let written = if is_at_once { format!("{first}{second}") } else { first.to_owned() };
    connection.send(written).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{first:?}: {head:?}");
    assert_eq!(head.field("transfer-encoding"), None, "{first:?}: {head:?}");
    if !is_at_once {
        // A server that has closed already does not take it.
        let _taken = connection.try_send(second).await;
    }
    if let Some((_, path)) = first.split_once("/poll/") {
        target.publish("close", path.split(' ').next().unwrap_or_default(), "").await;
    }

    let mut listener = Listener::new(connection, head);
    let mut stream = String::new();
    loop {
        match listener.next_block().await {
            Ok(block) => stream += &block,
            Err(end) => return (stream, end),
        }
    }
}

/// One event, whose data is the last event ID of the client.
fn echo() -> Streams {
    Streams::new(|last| {
        let data = String::from_utf8_lossy(last.as_bytes()).into_owned();
        Some(Box::pin(stream::iter([Ok(Event::data(data))])))
    })
}
