//! A router to put layers around, and what a client and a server see of it.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use http_body_util::BodyExt;
use sse_axum::Channels;
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};
use sse_tokio::{Taken, take_subscriber};
use tower::ServiceExt;

/// Channels on which many may listen, and a gateway to them.
pub(crate) fn gateway() -> Gateway {
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    Gateway::new(hub, GatewayConfig::default())
}

pub(crate) fn token() -> Token {
    Token::new("42").unwrap()
}

pub(crate) fn listen() -> Request {
    Request::get("/poll/42").header("host", "localhost").body(Body::empty()).unwrap()
}

/// What `app` answers to a listener.
pub(crate) async fn answer(app: Router) -> Response {
    app.oneshot(listen()).await.unwrap()
}

/// The subscriber that a server takes out of the answer of `app`, if that is possible.
pub(crate) async fn taken(app: Router) -> Option<Taken> {
    take_subscriber(answer(app).await).ok()
}

/// The answer of `app` to a listener, and what its body says as it is: its first frame, then an event.
pub(crate) async fn sent(app: Router, channels: &Channels) -> (Response<()>, String) {
    let response = take_subscriber(answer(app).await).expect_err("somebody has wrapped it");
    let (head, mut body) = response.into_parts();
    let first = next(&mut body).await;
    channels.publish(&token(), "ping", b"hi").unwrap();
    let second = next(&mut body).await;
    (Response::from_parts(head, ()), String::from_utf8([first, second].concat()).unwrap())
}

pub(crate) async fn next<B>(body: &mut B) -> Bytes
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin,
{
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}
