//! `Sse` without a framework: what its body holds, polled as a server polls it.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    rc::Rc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http_body_util::{BodyExt, Collected};
use sse_core::{
    Event,
    channel::CloseReason,
    response::Emit,
    wire::{Frame, KEEPALIVE},
};
use sse_tokio::{Feed, Sse, StreamCut};
use tokio::{sync::mpsc, time::Instant};

#[tokio::test]
async fn a_frame_that_is_ready_alone_is_not_copied() {
    let frame = Frame::from(Event::data("42"));
    let stream = stream::iter([frame.clone()]).chain(stream::pending());

    let written = first(Sse::new(stream)).await;

    assert_eq!(written.as_ptr(), frame.as_bytes().as_ptr());
}

#[tokio::test]
async fn frames_and_events_go_out_together() {
    let frames = [Frame::comment("hello"), Frame::from(Event::data("1")), Frame::default()];
    assert_eq!(first(Sse::new(stream::iter(frames))).await, ":hello\n\ndata: 1\n\n");

    let events = ["1", "2"].map(|data| Ok::<_, Infallible>(Event::data(data)));
    assert_eq!(first(Sse::new(stream::iter(events))).await, "data: 1\n\ndata: 2\n\n");
}

#[tokio::test]
async fn a_stream_of_one_thread_is_served_on_that_thread() {
    let data = Rc::new("42".to_owned());
    let stream = stream::iter([data]).map(|data| Event::data(&**data));

    assert_eq!(first(Sse::new(stream).boxed_local()).await, "data: 42\n\n");
}

#[tokio::test]
async fn what_ended_is_not_polled_again() {
    let mut items = vec![Err("lost"), Ok(Event::data("1"))];
    let stream = stream::poll_fn(move |_| items.pop().map(Some).expect("it has not ended").into());
    let mut body = Sse::new(stream).into_response().into_body();

    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
    for _ in 0..3 {
        let cut = body.frame().await.unwrap().unwrap_err();
        assert_eq!(cut.reason(), CloseReason::Failed);
    }
}

#[tokio::test]
async fn an_error_can_be_a_clean_end() {
    fn lost() -> impl Stream<Item = Result<Event, &'static str>> {
        stream::iter([Ok(Event::data("1")), Err("lost"), Ok(Event::data("2"))])
    }
    fn all_of(sse: Sse<impl Feed>) -> impl Future<Output = Result<Bytes, StreamCut>> {
        sse.into_response().into_body().collect().map(|body| body.map(Collected::to_bytes))
    }

    assert_eq!(all_of(Sse::new(lost()).with_clean_errors()).await.unwrap(), "data: 1\n\n");
    let sse = Sse::new(lost()).with_clean_errors().with_shutdown(pending()).boxed();
    assert_eq!(all_of(sse).await.unwrap(), "data: 1\n\n");

    let cut = all_of(Sse::new(lost()).with_shutdown(pending()).boxed()).await.unwrap_err();
    assert_eq!(cut.reason(), CloseReason::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_server_may_send_what_it_has_before_the_answer_breaks() {
    let mut body = Sse::new(stream::iter([Ok(Event::data("1")), Err("lost")])).into_response();
    let start = Instant::now();

    body.body_mut().frame().await.unwrap().unwrap();
    assert!(body.body_mut().frame().now_or_never().is_none());
    body.body_mut().frame().await.unwrap().unwrap_err();

    assert_eq!(start.elapsed().as_millis(), 250);
}

#[tokio::test]
async fn events_that_encode_to_nothing_do_not_take_the_thread() {
    let stream = stream::repeat(Event::default());
    let mut body = Sse::new(stream).into_response().into_body();

    for _ in 0..3 {
        assert!(body.frame().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_signal_ends_the_stream_behind_what_was_taken() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stream = stream::iter([Event::data("1")]).chain(stream::pending());
    let sse = Sse::new(stream).with_shutdown(stopped.map(|_| ()));
    let mut body = sse.into_response().into_body();

    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
    assert!(body.frame().now_or_never().is_none());
    stop.send(()).unwrap();

    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_signal_that_came_before_lets_nothing_out() {
    let sse = Sse::new(stream::repeat(Event::data("1"))).with_shutdown(ready(()));

    assert!(sse.into_response().into_body().frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_after_15_s_unless_told_otherwise() {
    for (keepalive, seconds) in [(None, 15), (Some(2), 2)] {
        let mut sse = Sse::new(stream::pending::<Event>()).with_first_comment(None);
        if let Some(seconds) = keepalive {
            sse = sse.with_keepalive(Some(Duration::from_secs(seconds)));
        }
        let start = Instant::now();

        assert_eq!(first(sse).await, KEEPALIVE);
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_silence_is_broken_after_1_s_unless_told_otherwise() {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    let silent = || Sse::new(stream::pending::<Event>());
    for (sse, expected) in [
        (silent(), second),
        (silent().with_keepalive(None), second),
        (silent().with_keepalive(Some(second / 4)), second / 4),
        (silent().with_first_comment(Some(second * 3)), second * 3),
        (silent().with_keepalive(Some(minute)).with_first_comment(None), minute),
    ] {
        let start = Instant::now();

        assert_eq!(first(sse).await, KEEPALIVE);
        assert_eq!(start.elapsed(), expected);
    }
}

#[tokio::test]
async fn stop_is_204_with_an_empty_body() {
    let sse: Sse<stream::Empty<Event>> = Sse::stop();
    let response = sse.into_response();

    assert_eq!(response.status(), http::StatusCode::NO_CONTENT);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers().get("content-type"), None);
    assert!(http_body::Body::is_end_stream(response.body()));
}

#[tokio::test]
async fn a_channel_of_either_kind_ends_behind_what_was_sent() {
    let (bounded, receiver) = mpsc::channel(2);
    let sse = Sse::from_receiver(receiver);
    bounded.try_send(Event::data("1")).unwrap();
    drop(bounded);
    let body = sse.into_response().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "data: 1\n\n");

    let (unbounded, receiver) = mpsc::unbounded_channel();
    let sse = Sse::from_receiver(receiver);
    unbounded.send(Ok(Event::data("1"))).unwrap();
    unbounded.send(Err("lost")).unwrap();
    let body = sse.with_clean_errors().boxed().into_response().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "data: 1\n\n");
}

#[tokio::test]
async fn nobody_can_send_once_the_answer_is_dropped() {
    let (sender, receiver) = mpsc::channel::<Event>(1);
    let response = Sse::from_receiver(receiver).into_response();

    drop(response);

    sender.closed().await;
    assert!(sender.send(Event::data("1")).await.is_err());
}

#[test]
fn a_body_is_as_free_as_its_stream() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_sync<T: Sync>(_: &T) {}
    let response = Sse::new(stream::pending::<Event>()).into_response();
    assert_send(&response);
    assert_sync(&response);
    assert_send(&boxed(stream::pending::<Event>()).into_response());
}

fn boxed<S>(stream: S) -> Sse<sse_tokio::BoxFeed>
where
    S: Stream + Send + 'static,
    S::Item: Emit,
{
    Sse::new(stream).boxed()
}

/// The first write.
async fn first<F: Feed>(sse: Sse<F>) -> Bytes {
    let mut body = Box::pin(sse.into_response().into_body());
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}
