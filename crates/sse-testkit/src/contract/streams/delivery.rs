//! How the events of a stream are written.

use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use sse_core::{
    Event,
    event::{EventId, EventName},
};
use tokio::sync::mpsc;

use crate::{Setup, Streams, Target};

/// Events that are ready together are written together.
pub async fn ready_events_are_written_together(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|_| {
        let name = EventName::from_static("token");
        let events = [
            Event::data("1").with_name(name.clone()),
            Event::data("2\n3").with_id(EventId::from_static("7")),
            Event::data(""),
        ];
        Some(Box::pin(stream::iter(events.map(Ok)).chain(stream::pending())))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let written = target.listen_at("/stream").await.write().await;

    assert_eq!(written, "event: token\ndata: 1\n\ndata: 2\ndata: 3\nid: 7\n\ndata: \n\n");
}

/// No event waits for the next one.
pub async fn an_event_is_written_when_it_is_ready(start: impl AsyncFn(Setup) -> Target) {
    let (events, streams) = channel();
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    // There before the stream is opened, so that no machine is slow enough for a comment.
    events.send("0".to_owned()).await.expect("there is room");
    let mut listener = target.listen_at("/stream").await;
    listener.expect("data: 0\n\n").await;

    for data in 1..100 {
        events.send(data.to_string()).await.expect("the stream is open");
        listener.expect(&format!("data: {data}\n\n")).await;
    }

    drop(events);
    listener.expect_end().await;
}

/// A write holds whole events, up to 16 KiB of them.
pub async fn a_write_holds_up_to_16_kib(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(many(1_000)), ..Setup::default() }).await;
    let mut listener = target.listen_at("/stream").await;

    let mut lens = Vec::new();
    while lens.iter().sum::<usize>() < 1_000 * 100 {
        lens.push(listener.write().await.len());
    }

    assert!(lens.iter().all(|len| *len <= 16 << 10), "{lens:?}");
    assert!(lens.iter().all(|len| len % 100 == 0), "{lens:?}");
    assert_eq!(lens.first(), Some(&16_300), "{lens:?}");
    listener.expect_end().await;
}

/// Every event arrives, once and in order.
pub async fn ten_thousand_events_arrive_once_and_in_order(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(many(10_000)), ..Setup::default() }).await;
    let mut listener = target.listen_at("/stream").await;

    for number in 0..10_000 {
        listener.expect(&format!("data: {number:0>92}\n\n")).await;
    }
    listener.expect_end().await;
}

/// An event that is larger than any buffer arrives whole.
pub async fn a_large_event_arrives_whole(start: impl AsyncFn(Setup) -> Target) {
    let large = "x".repeat(3 << 20);
    let events = [large.clone(), "after".to_owned()];
    let streams = Streams::new(move |_| {
        Some(Box::pin(stream::iter(events.clone().map(|data| Ok(Event::data(data))))))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    listener.expect(&format!("data: {large}\n\n")).await;
    listener.expect("data: after\n\n").await;
    listener.expect_end().await;
}

/// One stream, of the data that is sent.
pub(super) fn channel() -> (mpsc::Sender<String>, Streams) {
    let (events, mut data) = mpsc::channel::<String>(8);
    let stream = stream::poll_fn(move |cx| {
        data.poll_recv(cx).map(|data| data.map(|data| Ok(Event::data(data))))
    });
    let stream = Arc::new(Mutex::new(Some(stream)));
    let streams = Streams::new(move |_| {
        let stream = stream.lock().expect("no test panics here").take();
        stream.map(|stream| Box::pin(stream) as _)
    });
    (events, streams)
}

/// `count` events of 100 bytes, all ready.
fn many(count: usize) -> Streams {
    Streams::new(move |_| {
        let events = (0..count).map(|number| Ok(Event::data(format!("{number:0>92}"))));
        Some(Box::pin(stream::iter(events)))
    })
}
