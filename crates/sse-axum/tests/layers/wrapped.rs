//! What wraps the body, puts another in its place or says that it is encoded sees every byte.

use std::{
    convert::Infallible,
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::Response,
};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use sse_axum::Channels;
use sse_testkit::{Counting, Greeting, Holding, OPEN, Seen};
use sse_tokio::take_subscriber;
use tokio::sync::mpsc;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer,
    map_response_body::MapResponseBodyLayer, metrics::InFlightRequestsLayer,
    timeout::ResponseBodyTimeoutLayer, trace::TraceLayer,
};

use super::support::{answer, gateway, next, sent, token};

pub(crate) const EVENT: &str = "event: ping\ndata: hi\n\n";

/// What is done to a response.
type Change = Box<dyn Fn(&mut Response) + Send + Sync>;

/// An application with layers around it.
pub(crate) type Layered = fn(Router, &Seen) -> Router;

#[tokio::test]
async fn a_wrapped_body_is_sent_as_it_is() {
    let cases: [(&str, Layered); 10] = [
        ("compression", |app, _| app.layer(CompressionLayer::new())),
        ("a time limit", |app, _| app.layer(ResponseBodyTimeoutLayer::new(LONG))),
        ("trace", |app, _| app.layer(TraceLayer::new_for_http())),
        ("a limit", |app, _| app.layer(RequestBodyLimitLayer::new(1024))),
        ("a catch", |app, _| app.layer(CatchPanicLayer::new())),
        ("a gauge", |app, _| app.layer(InFlightRequestsLayer::pair().0)),
        ("a counter", |app, seen| app.layer(counting(seen))),
        ("a permit", |app, seen| {
            let seen = seen.clone();
            app.layer(MapResponseBodyLayer::new(move |body: Body| Holding::new(body, &seen)))
        }),
        ("two", |app, seen| app.layer(counting(seen)).layer(TraceLayer::new_for_http())),
        ("two and a box", |app, seen| app.layer(TraceLayer::new_for_http()).layer(counting(seen))),
    ];
    for (what, layered) in cases {
        let (gateway, seen) = (gateway(), Seen::default());
        let channels = Channels::new(gateway.hub().clone());

        let (head, text) = sent(layered(sse_axum::router(gateway), &seen), &channels).await;

        assert_eq!(head.headers()["content-type"], "text/event-stream", "{what}");
        assert_eq!(text, format!("{OPEN}{EVENT}"), "{what}");
        if what.contains("counter") || what.contains("two") {
            assert_eq!(seen.bytes(), text.len(), "{what}");
        }
    }
}

#[tokio::test]
async fn a_wrapper_inside_of_the_router_wins_too() {
    let (gateway, seen) = (gateway(), Seen::default());
    let channels = Channels::new(gateway.hub().clone());
    let inner = sse_axum::router(gateway).layer(counting(&seen));

    let (_, text) = sent(Router::new().merge(inner), &channels).await;

    assert_eq!(seen.bytes(), text.len());
}

#[tokio::test]
async fn a_trace_sees_every_chunk_and_the_end() {
    let (chunks, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let trace = TraceLayer::new_for_http()
        .on_body_chunk({
            let chunks = chunks.clone();
            move |chunk: &Bytes, _: Duration, _: &tracing::Span| {
                chunks.fetch_add(chunk.len(), Ordering::Relaxed);
            }
        })
        .on_eos({
            let ends = ends.clone();
            move |_: Option<&http::HeaderMap>, _: Duration, _: &tracing::Span| {
                ends.fetch_add(1, Ordering::Relaxed);
            }
        });
    let gateway = gateway();
    let channels = Channels::new(gateway.hub().clone());
    let response = answer(sse_axum::router(gateway).layer(trace)).await;

    let response = take_subscriber(response).unwrap_err();
    channels.publish(&token(), "ping", b"hi").unwrap();
    channels.shutdown();
    let text = response.into_body().collect().await.unwrap().to_bytes();

    assert_eq!(text, format!("{OPEN}{EVENT}"));
    assert_eq!(chunks.load(Ordering::Relaxed), text.len());
    assert_eq!(ends.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_a_wrapper_says_first_comes_first() {
    let gateway = gateway();
    let channels = Channels::new(gateway.hub().clone());
    let layer = MapResponseBodyLayer::new(Greeting::<Body>::new);
    let response = answer(sse_axum::router(gateway).layer(layer)).await;

    let mut body = take_subscriber(response).unwrap_err().into_body();

    assert_eq!(next(&mut body).await, Greeting::<Body>::HELLO);
    assert_eq!(next(&mut body).await, OPEN);
    channels.publish(&token(), "ping", b"hi").unwrap();
    assert_eq!(next(&mut body).await, EVENT);
}

#[tokio::test]
async fn a_body_in_its_place_is_sent_and_the_listener_is_gone() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let app = sse_axum::router::<()>(gateway);
    let layer = map_response(|response: Response| ready(response.map(|_| Body::from("other"))));

    let response = take_subscriber(answer(app.layer(layer)).await).unwrap_err();

    assert_eq!(hub.counts().listeners, 0);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "other");
}

#[tokio::test]
async fn a_body_that_another_task_reads_is_left_to_it() {
    let gateway = gateway();
    let channels = Channels::new(gateway.hub().clone());
    let layer = map_response(|response: Response| {
        let (sender, receiver) = mpsc::channel(1);
        let (parts, body) = response.into_parts();
        tokio::spawn(async move {
            let mut frames = body.into_data_stream();
            while let Some(frame) = frames.next().await
                && sender.send(frame).await.is_ok()
            {}
        });
        let frames = futures_util::stream::unfold(receiver, async |mut receiver| {
            Some((receiver.recv().await?, receiver))
        });
        ready(Response::from_parts(parts, Body::from_stream(frames)))
    });

    let (_, text) = sent(sse_axum::router(gateway).layer(layer), &channels).await;

    assert_eq!(text, format!("{OPEN}{EVENT}"));
}

#[tokio::test]
async fn a_body_of_which_something_was_read_is_sent_from_there_on() {
    let gateway = gateway();
    let channels = Channels::new(gateway.hub().clone());
    let layer = map_response(async |mut response: Response| {
        assert_eq!(next(response.body_mut()).await, OPEN);
        response
    });
    let response = answer(sse_axum::router(gateway).layer(layer)).await;

    let mut body = take_subscriber(response).unwrap_err().into_body();

    channels.publish(&token(), "ping", b"hi").unwrap();
    assert_eq!(next(&mut body).await, EVENT);
}

#[tokio::test]
async fn a_head_that_says_something_else_has_its_body_sent() {
    let header = |name: HeaderName, value: &'static str| {
        move |response: &mut Response| {
            response.headers_mut().insert(&name, HeaderValue::from_static(value));
        }
    };
    let cases: [(&str, Change); 8] = [
        ("a status", Box::new(|response| *response.status_mut() = StatusCode::ACCEPTED)),
        ("a type", Box::new(header(header::CONTENT_TYPE, "text/plain"))),
        ("a longer type", Box::new(header(header::CONTENT_TYPE, "text/event-stream2"))),
        ("no type", Box::new(|response| drop(response.headers_mut().remove("content-type")))),
        ("an encoding", Box::new(header(header::CONTENT_ENCODING, "gzip"))),
        ("a length", Box::new(header(header::CONTENT_LENGTH, "1000"))),
        ("a transfer coding", Box::new(header(header::TRANSFER_ENCODING, "gzip, chunked"))),
        ("a connection", Box::new(header(header::CONNECTION, "close"))),
    ];
    for (what, change) in cases {
        let gateway = gateway();
        let channels = Channels::new(gateway.hub().clone());
        let change = Arc::new(change);
        let layer = map_response(move |mut response: Response| {
            change(&mut response);
            ready(response)
        });

        let (_, text) = sent(sse_axum::router(gateway).layer(layer), &channels).await;

        assert_eq!(text, format!("{OPEN}{EVENT}"), "{what}");
    }
}

#[tokio::test]
async fn a_wrapper_that_panics_disturbs_no_later_answer() {
    let app = sse_axum::router::<()>(gateway());
    let panics = map_response(|response: Response| {
        let frames =
            futures_util::stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> {
                panic!("on purpose")
            });
        ready(response.map(|_| Body::from_stream(frames)))
    });
    let response = answer(app.clone().layer(panics)).await;

    let panicked = catch_unwind(AssertUnwindSafe(|| drop(take_subscriber(response))));

    assert!(panicked.is_err());
    let mut body = answer(app.clone()).await.into_body();
    assert_eq!(next(&mut body).await, OPEN, "no probe runs any more");
    assert!(take_subscriber(answer(app).await).is_ok());
}

pub(crate) fn counting(
    seen: &Seen,
) -> MapResponseBodyLayer<impl Fn(Body) -> Counting<Body> + Clone + use<>> {
    let seen = seen.clone();
    MapResponseBodyLayer::new(move |body| Counting::new(body, &seen))
}

const LONG: Duration = Duration::from_secs(60);
