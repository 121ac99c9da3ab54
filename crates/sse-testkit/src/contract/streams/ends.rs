//! How an answer from a stream ends.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt, stream};
use sse_core::Event;
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};

use super::delivery::channel;
use crate::{
    Connection, Listener, Setup, StreamEnd, Streams, Target, contract::expect, head, patience,
};

/// The end of the stream is the end of the answer.
pub async fn the_answer_ends_with_the_stream(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|_| Some(Box::pin(stream::empty())));
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    target.listen_at("/stream").await.expect_end().await;
}

/// An error breaks the answer, after what came before it and without what would come after: the last
/// chunk never comes, and the connection is closed.
pub async fn an_error_breaks_the_answer(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|_| {
        let events = [Ok(Event::data("1")), Err("lost".to_owned()), Ok(Event::data("2"))];
        Some(Box::pin(stream::iter(events)))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    listener.expect("data: 1\n\n").await;
    assert_eq!(listener.next_block().await, Err(StreamEnd::Cut));
}

/// An error that comes after a silence breaks the answer too.
pub async fn a_late_error_breaks_the_answer(start: impl AsyncFn(Setup) -> Target) {
    let (events, mut items) = mpsc::channel(1);
    let stream = stream::poll_fn(move |cx| items.poll_recv(cx));
    let stream = Mutex::new(Some(stream));
    let streams = Streams::new(move |_| {
        let stream = stream.lock().expect("no test panics here").take();
        stream.map(|stream| Box::pin(stream) as _)
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    events.send(Ok(Event::data("1"))).await.expect("there is room");
    let mut listener = target.listen_at("/stream").await;
    listener.expect("data: 1\n\n").await;
    events.send(Ok(Event::data("2"))).await.expect("the stream is open");
    listener.expect("data: 2\n\n").await;

    events.send(Err("lost".to_owned())).await.expect("the stream is open");

    assert_eq!(listener.next_block().await, Err(StreamEnd::Cut));
}

/// An error that comes first of all breaks the answer behind its head.
pub async fn an_error_at_once_breaks_the_answer(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|_| Some(Box::pin(stream::iter([Err("lost".to_owned())]))));
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    assert_eq!(listener.next_block().await, Err(StreamEnd::Cut));
}

/// All that came before an error arrives at a client that reads. What a framework's own server holds for
/// one that does not read yet, it may lose.
pub async fn what_came_before_an_error_arrives(start: impl AsyncFn(Setup) -> Target) {
    let data = "x".repeat(1_000);
    let event = Event::data(data.clone());
    let streams = Streams::new(move |_| {
        let events = std::iter::repeat_n(Ok(event.clone()), 40);
        Some(Box::pin(stream::iter(events.chain([Err("lost".to_owned())]))))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    listener.expect(&format!("data: {data}\n\n").repeat(40)).await;
    assert_eq!(listener.next_block().await, Err(StreamEnd::Cut));
}

/// 204 has no body, and no `Content-Type`; the connection serves on.
pub async fn stop_is_204(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(Streams::new(|_| None)), ..Setup::default() }).await;
    let mut connection = target.connect().await;

    for _ in 0..2 {
        connection.send(head("GET", "/stream", &[])).await;
        let head = connection.head().await;
        assert_eq!(head.status, 204);
        let fields = ["cache-control: no-store", "x-content-type-options: nosniff"];
        assert_eq!(expect::unframed(&head), fields);
    }
}

/// A client that closes its connection stops what makes the events, also while there are none.
pub async fn who_closes_stops_the_producer(start: impl AsyncFn(Setup) -> Target) {
    stops_the_producer(start, async |listener| {
        drop(listener);
        None
    })
    .await;
}

/// A client that half-closes its connection is gone.
pub async fn who_half_closes_stops_the_producer(start: impl AsyncFn(Setup) -> Target) {
    stops_the_producer(start, async |mut listener| {
        listener.connection().half_close().await;
        Some(listener)
    })
    .await;
}

/// A client that resets its connection is gone.
pub async fn who_resets_stops_the_producer(start: impl AsyncFn(Setup) -> Target) {
    stops_the_producer(start, async |listener| {
        listener.reset();
        None
    })
    .await;
}

/// A client that does not read stops what makes the events: no queue grows.
pub async fn who_does_not_read_stops_the_producer(start: impl AsyncFn(Setup) -> Target) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = taken.clone();
    let streams = Streams::new(move |_| {
        let counted = counted.clone();
        let events = std::iter::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Event::data("x".repeat(1_000)))
        });
        Some(Box::pin(stream::iter(events)))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let mut connection = Connection::open_narrow(target.addr()).await;
    connection.send(head("GET", "/stream", &[])).await;
    assert_eq!(connection.head().await.status, 200);

    patience::until("the producer is asked for more", async || {
        let before = taken.load(Ordering::Relaxed);
        sleep(Duration::from_millis(300)).await;
        0 < before && taken.load(Ordering::Relaxed) == before
    })
    .await;
    let bytes = taken.load(Ordering::Relaxed) * 1_000;
    assert!(bytes < 8 << 20, "{bytes} bytes were taken for one who reads nothing");
}

/// Ends a listener in the given way, which may leave something of it.
async fn stops_the_producer(
    start: impl AsyncFn(Setup) -> Target,
    end: impl AsyncFn(Listener) -> Option<Listener>,
) {
    let (events, streams) = channel();
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    events.send("1".to_owned()).await.expect("there is room");
    let mut listener = target.listen_at("/stream").await;
    listener.expect("data: 1\n\n").await;

    let _left = end(listener).await;

    patience::within("the producer is stopped", events.closed()).await;
}

/// A stream that says nothing.
pub(super) fn pending() -> Streams {
    Streams::new(|_| Some(Box::pin(stream::pending().fuse())))
}
