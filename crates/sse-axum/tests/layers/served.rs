//! The same over sockets: what a client of `sse_hyper::Server` gets, and what the middleware saw.

use std::{
    convert::Infallible,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, middleware::map_response, response::Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::stream;
use http::{HeaderName, HeaderValue};
use sse_hyper::Server;
use sse_testkit::{Greeting, Holding, OPEN, Seen, Setup, Target, head, run, until};
use tokio::task::JoinSet;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, predicate::SizeAbove},
    cors::CorsLayer,
    limit::RequestBodyLimitLayer,
    map_response_body::MapResponseBodyLayer,
    metrics::InFlightRequestsLayer,
    set_header::SetResponseHeaderLayer,
    timeout::ResponseBodyTimeoutLayer,
    trace::TraceLayer,
};

use super::wrapped::{EVENT, Layered, counting};

const LAYERS: [(&str, Layered); 11] = [
    ("none", |app, _| app),
    ("cors", |app, _| app.layer(CorsLayer::permissive())),
    ("a header", |app, _| {
        let (name, value) = (HeaderName::from_static("x-name"), HeaderValue::from_static("value"));
        app.layer(SetResponseHeaderLayer::overriding(name, value))
    }),
    ("compression", |app, _| app.layer(CompressionLayer::new())),
    ("a time limit", |app, _| app.layer(ResponseBodyTimeoutLayer::new(LONG))),
    ("a limit", |app, _| app.layer(RequestBodyLimitLayer::new(1 << 20))),
    ("a catch", |app, _| app.layer(CatchPanicLayer::new())),
    ("a gauge", |app, _| app.layer(InFlightRequestsLayer::pair().0)),
    ("a counter", |app, seen| app.layer(counting(seen))),
    ("a permit", |app, seen| {
        let seen = seen.clone();
        app.layer(MapResponseBodyLayer::new(move |body: Body| Holding::new(body, &seen)))
    }),
    ("two", |app, seen| app.layer(TraceLayer::new_for_http()).layer(counting(seen))),
];

#[test]
fn a_client_gets_the_same_through_every_layer() {
    run(async {
        for (what, layered) in LAYERS {
            let (setup, seen) = (Setup::default(), Seen::default());
            let target = serve(setup, |app| layered(app, &seen)).await;

            let mut listener = target.listen("42").await;
            target.publish("ping", "42", b"hi").await;
            listener.expect(EVENT).await;
            let content_type = listener.head().field("content-type");
            assert_eq!(content_type, Some("text/event-stream"), "{what}");
            drop(listener);
            target.until_left("42").await;
        }
    });
}

#[test]
fn a_counter_sees_every_byte_of_a_stream() {
    run(async {
        let seen = Seen::default();
        let target = serve(Setup::default(), |app| app.layer(counting(&seen))).await;
        let mut listener = target.listen("42").await;
        assert_eq!(seen.bytes(), OPEN.len());

        let answer = target.post("ping", "42", b"hi").await;
        listener.expect(EVENT).await;

        assert_eq!(seen.bytes(), OPEN.len() + EVENT.len() + answer.text().len());
    });
}

#[test]
fn what_a_body_holds_is_let_go_of_when_its_stream_is_over() {
    run(async {
        let seen = Seen::default();
        let held = seen.clone();
        let target = serve(Setup::default(), |app| {
            app.layer(MapResponseBodyLayer::new(move |body: Body| Holding::new(body, &held)))
        });
        let target = target.await;
        for leaves in [false, true] {
            let mut listener = target.listen("42").await;
            assert_eq!(seen.bodies(), 1);

            let _connection = if leaves {
                drop(listener);
                None
            } else {
                target.publish("close", "42", b"").await;
                listener.expect_end().await;
                Some(listener)
            };

            until("it is held", async || seen.bodies() == 0).await;
        }
    });
}

#[test]
fn a_trace_is_told_of_every_chunk_that_a_client_gets() {
    run(async {
        let traced = Arc::new(AtomicUsize::new(0));
        let counted = traced.clone();
        let trace = TraceLayer::new_for_http().on_body_chunk(
            move |chunk: &Bytes, _: Duration, _: &tracing::Span| {
                counted.fetch_add(chunk.len(), Ordering::AcqRel);
            },
        );
        let target = serve(Setup::default(), |app| app.layer(trace)).await;
        let mut listener = target.listen("42").await;
        assert_eq!(traced.load(Ordering::Acquire), OPEN.len());

        let answer = target.post("ping", "42", b"hi").await;
        listener.expect(EVENT).await;

        let expected = OPEN.len() + EVENT.len() + answer.text().len();
        assert_eq!(traced.load(Ordering::Acquire), expected);
    });
}

#[test]
fn a_client_that_asks_for_it_gets_a_compressed_stream() {
    run(async {
        let compression = CompressionLayer::new().compress_when(SizeAbove::new(0));
        let target = serve(Setup::default(), |app| app.layer(compression)).await;
        let mut connection = target.connect().await;
        connection.send(head("GET", "/poll/42", &[("Accept-Encoding", "gzip")])).await;
        until("nobody listens", async || target.has_listener("42").await).await;

        target.publish("ping", "42", b"hi").await;
        target.publish("close", "42", b"").await;

        let response = connection.response().await;
        assert_eq!(response.head.field("content-encoding"), Some("gzip"));
        let mut text = String::new();
        GzDecoder::new(&*response.body).read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("{OPEN}{EVENT}"));
    });
}

#[test]
fn what_a_wrapper_says_first_is_the_first_that_a_client_gets() {
    run(async {
        let greeting = MapResponseBodyLayer::new(Greeting::<Body>::new);
        let target = serve(Setup::default(), |app| app.layer(greeting)).await;

        let mut listener = target.listen_at("/poll/42").await;

        listener.expect(Greeting::<Body>::HELLO).await;
        listener.expect(OPEN).await;
    });
}

#[test]
fn a_body_in_its_place_is_what_a_client_gets() {
    run(async {
        let other = map_response(async |response: Response| {
            let is_stream = response.headers()["content-type"] == "text/event-stream";
            let frames = stream::iter([Ok::<_, Infallible>("other")]);
            if is_stream { response.map(|_| Body::from_stream(frames)) } else { response }
        });
        let target = serve(Setup::default(), |app| app.layer(other)).await;

        assert_eq!(target.get("/poll/42").await.text(), "other");
        assert!(!target.has_listener("42").await);
    });
}

/// The protocol with layers around it, over the server of sse-hyper.
async fn serve(setup: Setup, layered: impl FnOnce(Router) -> Router) -> Target {
    let app = layered(sse_axum::router(setup.gateway()));
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(app).await.unwrap() });
    Target::new(addr, setup, serving)
}

const LONG: Duration = Duration::from_secs(60);
