//! What the contract over raw TCP cannot see: many streams on one connection.
//!
//! Each test takes what starts the server, which must speak HTTP/2 without TLS.

#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_core::{Event, GatewayConfig, access::Revocation};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{OPEN, Setup, Streams, Target, contract::access, patience};

/// "A budget for all bodies under way, counted as received; one connection at most an eighth of it."
pub async fn bodies_of_one_connection_have_a_share(start: impl AsyncFn(Setup) -> Target) {
    let small = |config: GatewayConfig| config.with_max_bodies(80 << 10).with_max_body(8 << 10);
    let target = start(Setup { gateway_config: small, ..Setup::default() }).await;
    let _listener = target.listen("42").await;
    let mut greedy = connect(&target).await;
    let mut under_way = JoinSet::new();
    for _ in 0..10 {
        let answer = greedy.send_request(unfinished_post(2 << 10));
        under_way.spawn(async { answer.await.expect("it is answered").status() });
    }

    // Of 20 KiB that have come 10 fit, so that half is answered though none has come whole.
    for _ in 0..5 {
        let status = under_way.join_next().await.expect("ten were sent").expect("an answer");
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }

    let mut other = connect(&target).await;
    for _ in 0..9 {
        let answer = send(&mut other, post(vec![b'x'; 8 << 10])).await;
        assert_eq!(answer.status(), StatusCode::OK, "there is room for others");
    }
    under_way.shutdown().await;
    drop(greedy);
}

/// A stream that yields an error is reset behind what came before, and the connection goes on.
pub async fn a_stream_that_fails_is_reset_behind_what_came_before(
    start: impl AsyncFn(Setup) -> Target,
) {
    let failing = Streams::new(|_| {
        Some(Box::pin(stream::iter([Ok(Event::data("1")), Err("lost".to_owned())])))
    });
    let target = start(Setup { streams: Some(failing), ..Setup::default() }).await;
    let mut client = connect(&target).await;
    let mut failing = send(&mut client, get("/stream")).await;

    let frame = failing.frame().await.expect("a frame").expect("an event");
    assert_eq!(frame.into_data().expect("data"), "data: 1\n\n");
    failing.frame().await.expect("a frame").expect_err("it is reset");

    let page = send(&mut client, get("/")).await;
    assert_eq!(page.status(), StatusCode::OK, "the other streams of the connection go on");
}

/// "A stream whose grant ends is ended: `event: sse.expired`, then cleanly", and the connection goes on.
pub async fn a_stream_ends_with_its_grant(start: impl AsyncFn(Setup) -> Target) {
    let target = start(access::guarded()).await;
    let mut client = connect(&target).await;
    let begun = Instant::now();
    let mut listening = send(&mut client, listen_as("brief.300")).await;

    let end = until_end(&mut listening).await;

    assert!(Duration::from_millis(300) <= begun.elapsed());
    assert_eq!(end, format!("{OPEN}{}", access::EXPIRED));
    let again = send(&mut client, listen_as("chief")).await;
    assert_eq!(again.status(), StatusCode::OK, "the token is free");
}

/// A stream that is revoked ends at once, behind the event of which half is written.
pub async fn a_revoked_stream_ends_behind_the_event_that_is_begun(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(access::guarded()).await;
    let mut narrow = Builder::new(TokioExecutor::new());
    narrow.initial_stream_window_size(64 << 10);
    let mut client = connect_as(&target, &narrow).await;
    let mut listening = send(&mut client, listen_as("mallory")).await;
    // More than the window and what a server holds ready for it.
    let data = "x".repeat(900 << 10);
    for body in [&*data, "behind it"] {
        let answer = send(&mut client, post_as("chief", body)).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let mut read = Vec::new();
    while read.len() <= OPEN.len() {
        read.extend(frame(&mut listening).await.expect("it goes on"));
    }

    let mallory = Revocation::subject("mallory");
    target.gateway().revoke(&mallory, Instant::now()).expect("there is room for one").wake();

    let read = String::from_utf8(read).expect("a stream is UTF-8");
    let read = read + &until_end(&mut listening).await;
    let expected = format!("{OPEN}event: ping\ndata: {data}\n\n{}", access::EXPIRED);
    assert!(read == expected, "{} bytes that end with {:?}", read.len(), &read[read.len() - 99..]);
    let refused = send(&mut client, listen_as("mallory")).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

type Body = BoxBody<Bytes, Infallible>;

async fn connect(target: &Target) -> SendRequest<Body> {
    connect_as(target, &Builder::new(TokioExecutor::new())).await
}

async fn connect_as(target: &Target, client: &Builder<TokioExecutor>) -> SendRequest<Body> {
    let stream = TcpStream::connect(target.addr()).await.expect("a server listens");
    let opened = client.handshake(TokioIo::new(stream)).await;
    let (client, connection) = opened.expect("it speaks HTTP/2");
    tokio::spawn(connection);
    client
}

async fn send(client: &mut SendRequest<Body>, request: Request<Body>) -> Response<Incoming> {
    patience::within("an answer", client.send_request(request)).await.expect("it is answered")
}

fn get(path: &str) -> Request<Body> {
    let request = Request::get(format!("http://test{path}"));
    request.body(Full::default().boxed()).expect("it is a request")
}

fn post(body: Vec<u8>) -> Request<Body> {
    let request = Request::post("http://test/ping/42");
    request.body(Full::from(body).boxed()).expect("it is a request")
}

fn listen_as(who: &str) -> Request<Body> {
    let request =
        Request::get("http://test/poll/42").header("authorization", format!("Bearer {who}"));
    request.body(Full::default().boxed()).expect("it is a request")
}

fn post_as(who: &str, body: &str) -> Request<Body> {
    let request =
        Request::post("http://test/ping/42").header("authorization", format!("Bearer {who}"));
    request.body(Full::from(body.to_owned()).boxed()).expect("it is a request")
}

/// The data of the next frame; `None` at the clean end of the stream.
async fn frame(answer: &mut Response<Incoming>) -> Option<Bytes> {
    let frame = patience::within("a frame", answer.frame()).await?;
    Some(frame.expect("the stream is not reset").into_data().expect("it is data"))
}

/// What comes before the clean end of the stream.
async fn until_end(answer: &mut Response<Incoming>) -> String {
    let mut read = Vec::new();
    while let Some(data) = frame(answer).await {
        read.extend(data);
    }
    String::from_utf8(read).expect("a stream is UTF-8")
}

/// A POST of whose body `len` bytes come, and no end.
fn unfinished_post(len: usize) -> Request<Body> {
    let begun = stream::iter([Ok(Frame::data(Bytes::from(vec![b'x'; len])))]);
    let body = StreamBody::new(begun.chain(stream::pending()));
    let request = Request::post("http://test/ping/42");
    request.body(BodyExt::boxed(body)).expect("it is a request")
}
