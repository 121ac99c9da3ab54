//! What leaves the body alone leaves the stream to the server.

use std::{
    any::Any,
    future::ready,
    task::Waker,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, request::Parts},
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::{get, get_service},
};
use http_body_util::combinators::UnsyncBoxBody;
use sse_axum::{Channels, EventService};
use sse_core::channel::Output;
use sse_testkit::{Holding, Seen};
use sse_tokio::{Taken, take_subscriber};
use tower_http::{
    cors::CorsLayer,
    set_header::SetResponseHeaderLayer,
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
};

use super::support::{answer, gateway, taken, token};

#[tokio::test]
async fn a_router_leaves_it_to_the_server() {
    let own = |State(events): State<EventService>, parts: Parts| async move {
        events.respond(&token(), &parts).await
    };
    let bare = |State(channels): State<Channels>| async move {
        sse_axum::event_stream(channels.listen(&token()).unwrap())
    };
    let events = || EventService::new(gateway());
    for (what, app) in [
        ("a router", sse_axum::router(gateway())),
        ("merged", Router::new().route("/", get("mine")).merge(sse_axum::router(gateway()))),
        ("merged into", sse_axum::router(gateway()).merge(Router::new().route("/", get("mine")))),
        ("a service", Router::new().nest_service("/poll", events())),
        ("a fallback", Router::new().fallback_service(events())),
        ("a route of its own", Router::new().route("/poll/{token}", get_service(events()))),
        ("a handler", Router::new().route("/poll/42", get(own)).with_state(events())),
        ("a stream", Router::new().route("/poll/42", get(bare)).with_state(events().channels())),
        (
            "nested",
            Router::new().nest("/poll", Router::new().route("/42", get(own)).with_state(events())),
        ),
    ] {
        assert!(taken(app).await.is_some(), "{what}");
    }
}

#[tokio::test]
async fn so_do_layers_that_leave_the_body_alone() {
    let name = HeaderName::from_static("x-name");
    let header = SetResponseHeaderLayer::overriding(name, HeaderValue::from_static("value"));
    let passed_on = from_fn(async |request: Request, next: Next| next.run(request).await);
    let changed_head = map_response(async |mut response: Response| {
        response.headers_mut().insert("x-name", HeaderValue::from_static("value"));
        response
    });
    let rebuilt = map_response(async |response: Response| {
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, Body::new(body))
    });
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONG);
    let app = || sse_axum::router::<()>(gateway());
    for (what, app) in [
        ("a header", app().layer(header.clone())),
        ("cors", app().layer(CorsLayer::permissive())),
        ("a function", app().layer(passed_on.clone())),
        ("another head", app().layer(changed_head)),
        ("the same body in another response", app().layer(rebuilt)),
        ("a time limit of the answer", app().layer(timeout)),
        ("a time limit of the request", app().layer(RequestBodyTimeoutLayer::new(LONG))),
        ("several", app().layer(header).layer(CorsLayer::permissive()).layer(passed_on)),
    ] {
        assert!(taken(app).await.is_some(), "{what}");
    }
}

#[tokio::test]
async fn the_server_has_the_head_as_it_was_and_the_stream_from_its_beginning() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let name = HeaderName::from_static("x-name");
    let layer = SetResponseHeaderLayer::overriding(name, HeaderValue::from_static("value"));
    let mut taken = taken(sse_axum::router(gateway).layer(layer)).await.unwrap();

    assert_eq!(taken.parts.headers["content-type"], "text/event-stream");
    assert_eq!(taken.parts.headers["x-name"], "value");
    let waker = Waker::noop();
    let output = taken.subscriber.poll_output(waker, Instant::now());
    assert!(matches!(output, Output::Write(open) if open.starts_with(b"event: sse.open\n")));
    assert_eq!(hub.counts().listeners, 1);
    drop(taken.subscriber);
    assert_eq!(hub.counts().listeners, 0);
}

#[tokio::test]
async fn only_one_server_gets_it() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let response = answer(sse_axum::router(gateway)).await;
    let extensions = response.extensions().clone();
    let mut other = Response::new(Body::empty());
    other.headers_mut().clone_from(response.headers());
    *other.extensions_mut() = extensions.clone();

    assert!(take_subscriber(other).is_err(), "a copy of the extensions gives nothing");
    let taken = take_subscriber(response).unwrap();

    drop(taken);
    assert_eq!(hub.counts().listeners, 0, "nothing is left in extensions: {extensions:?}");
}

#[tokio::test]
async fn a_response_that_is_dropped_ends_the_listener_whatever_is_kept_of_it() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let response = answer(sse_axum::router(gateway)).await;

    let (parts, body) = response.into_parts();
    assert_eq!(hub.counts().listeners, 1);
    drop(body);

    assert_eq!(hub.counts().listeners, 0, "{parts:?}");
}

#[tokio::test]
async fn a_sample_takes_no_place() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let app = sse_axum::router(gateway);
    let mut all: Vec<Box<dyn Any>> = Vec::new();

    for count in 1..=3 {
        all.push(Box::new(taken(app.clone()).await.unwrap()));
        assert_eq!(hub.counts().listeners, count);
    }
}

/// A wrapper that looks at nothing is seen or not, depending on what the compiler makes of it.
#[tokio::test]
async fn what_a_wrapper_holds_is_held_until_the_stream_is_over() {
    let seen = Seen::default();
    let held = seen.clone();
    let app = sse_axum::router::<()>(gateway());
    let app = app.layer(map_response(move |response: Response| {
        let body = |body| Body::new(UnsyncBoxBody::new(Holding::new(body, &held)));
        ready(response.map(body))
    }));
    let response = answer(app).await;

    let kept: Box<dyn Any> = match take_subscriber(response) {
        Ok(Taken { shell, .. }) => Box::new(shell),
        Err(response) => Box::new(response),
    };

    assert_eq!(seen.bodies(), 1);
    drop(kept);
    assert_eq!(seen.bodies(), 0);
}

const LONG: Duration = Duration::from_secs(60);
