//! Layers around the service: which leave the stream of a channel to the server, and which see its bytes.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    any::Any,
    convert::Infallible,
    error::Error,
    fmt::Debug,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Either, Empty, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use sse_core::{
    Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token,
    channel::{Mode, Output},
    response::event_stream,
};
use sse_hyper::{Channels, EventService, ResponseBody, Server, Sse, StreamCut};
use sse_testkit::{Counting, Holding, OPEN, Seen, Setup, Target, run};
use sse_tokio::{Taken, take_subscriber};
use tokio::task::JoinSet;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, map_response_body::MapResponseBodyLayer,
    set_header::SetResponseHeaderLayer, timeout::ResponseBodyTimeoutLayer, trace::TraceLayer,
};

const EVENT: &str = "event: ping\ndata: hi\n\n";

#[tokio::test]
async fn the_service_leaves_it_to_the_server() {
    let mut taken = subscriber(answer("GET").await);

    let waker = Waker::noop();
    let output = taken.subscriber.poll_output(waker, Instant::now());
    assert!(matches!(output, Output::Write(open) if *open == *OPEN.as_bytes()));
    let channels = Channels::new(gateway().hub().clone());
    let bare = subscriber(event_stream(channels.listen(&token()).unwrap()));
    assert_eq!(bare.subscriber.token(), &token());
}

#[tokio::test]
async fn so_do_layers_that_leave_the_body_alone() {
    let (name, value) = (HeaderName::from_static("x-name"), HeaderValue::from_static("value"));
    let service = ServiceBuilder::new()
        .layer(CorsLayer::permissive())
        .layer(SetResponseHeaderLayer::overriding(name, value))
        .service(EventService::new(gateway()));

    let taken = subscriber(service.oneshot(request("GET")).await.unwrap());

    assert_eq!(taken.parts.headers["x-name"], "value");
}

#[tokio::test]
async fn a_service_with_bodies_of_several_types_can_leave_it_to_the_server() {
    type Other = Empty<Bytes>;
    let either = ResponseBody::convert(answer("GET").await, Either::<_, Other>::Left);
    let boxed = ResponseBody::convert(answer("GET").await, ResponseBody::boxed_unsync);
    let both = ResponseBody::convert(answer("GET").await, |body| {
        Either::<_, Other>::Left(body.boxed_unsync())
    });

    subscriber(either);
    subscriber(boxed);
    subscriber(both);
}

#[tokio::test]
async fn a_body_that_was_converted_by_hand_is_sent() {
    sent(answer("GET").await.map(Either::<_, Empty<Bytes>>::Left)).await;
    sent(answer("GET").await.map(ResponseBody::boxed_unsync)).await;
}

#[tokio::test]
async fn a_wrapper_of_the_bare_body_sees_every_byte() {
    let seen = Seen::default();
    sent(answer("GET").await.map(|body| Counting::new(body, &seen))).await;
    assert_eq!(seen.bytes(), OPEN.len());
}

#[tokio::test]
async fn a_body_of_which_something_was_read_is_sent_from_there_on() {
    let events = EventService::new(gateway());
    let answer = events.clone().oneshot(request("GET")).await.unwrap();
    reads_on(answer, &events.channels()).await;

    let channels = events.channels();
    reads_on(event_stream(channels.listen(&token()).unwrap()), &channels).await;
}

async fn reads_on<B>(mut response: Response<B>, channels: &Channels)
where
    B: Body<Data = Bytes, Error: Into<Failed> + Debug> + Send + Unpin + 'static,
{
    assert_eq!(response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), OPEN);

    let mut body = take_subscriber(response).expect_err("it was polled").into_body();

    channels.publish(&token(), "ping", b"hi").unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), EVENT);
}

/// The box around it has the type of the box inside, and the compiler sees through both.
#[tokio::test]
async fn a_wrapper_in_a_box_of_the_same_type_sees_every_byte() {
    let seen = Seen::default();
    for wrap in [
        (|body, seen| Counting::new(body, seen).boxed_unsync()) as fn(Boxed, &Seen) -> Boxed,
        |body, seen| Counting::new(Holding::new(body, seen), seen).boxed_unsync(),
        |body, seen| Holding::new(Counting::new(body, seen).boxed_unsync(), seen).boxed_unsync(),
    ] {
        let before = seen.bytes();
        let boxed = ResponseBody::convert(answer("GET").await, ResponseBody::boxed_unsync);
        sent(boxed.map(|body| wrap(body, &seen))).await;
        assert_eq!(seen.bytes() - before, OPEN.len());
    }
}

#[tokio::test]
async fn a_wrapper_that_can_be_switched_off_sees_every_poll() {
    let switch = Arc::new(Switch::default());
    let boxed = ResponseBody::convert(answer("GET").await, ResponseBody::boxed_unsync);
    let body = |body| Switched { body, switch: switch.clone() }.boxed_unsync();

    let mut body = take_subscriber(boxed.map(body)).unwrap_err().into_body();

    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), OPEN);
    let (ended, ()) = tokio::join!(body.frame(), async { switch.off() });
    assert!(ended.is_none());
}

#[tokio::test]
async fn a_body_that_keeps_the_waker_is_sent_even_where_it_was_made_so() {
    let made = ResponseBody::convert(answer("GET").await, |body| Switched {
        body: body.boxed_unsync(),
        switch: Arc::default(),
    });
    sent(made).await;
}

#[tokio::test]
async fn a_wrapper_that_says_nothing_of_its_size_sees_every_poll() {
    let boxed = ResponseBody::convert(answer("GET").await, ResponseBody::boxed_unsync);
    sent(boxed.map(|body| Plain(body).boxed_unsync())).await;
}

#[tokio::test]
async fn what_a_wrapper_holds_is_held_until_the_stream_is_over() {
    let seen = Seen::default();
    let boxed = ResponseBody::convert(answer("GET").await, ResponseBody::boxed_unsync);
    let holding = boxed.map(|body| Holding::new(body, &seen).boxed_unsync());

    // It is seen or not, depending on what the compiler makes of it.
    let kept: Box<dyn Any> = match take_subscriber(holding) {
        Ok(Taken { shell, .. }) => Box::new(shell),
        Err(response) => Box::new(response),
    };

    assert_eq!(seen.bodies(), 1);
    drop(kept);
    assert_eq!(seen.bodies(), 0);
}

#[tokio::test]
async fn what_is_no_stream_of_a_channel_is_sent() {
    let events = futures_util::stream::pending::<Event>();
    assert!(take_subscriber(Sse::new(events).into_response()).is_err());
    assert!(take_subscriber(answer("HEAD").await).is_err());
    assert!(take_subscriber(answer("DELETE").await).is_err());
    let converted = ResponseBody::convert(answer("HEAD").await, ResponseBody::boxed_unsync);
    assert!(take_subscriber(converted).is_err());
}

#[tokio::test]
async fn a_refusal_in_a_stream_is_sent() {
    let hub = Hub::new(HubConfig::new(StringFormat));
    let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));
    let listener = service.clone().oneshot(request("GET")).await.unwrap();
    let mut second = request("GET");
    second.headers_mut().insert("user-agent", HeaderValue::from_static("Mozilla/5.0"));
    second.headers_mut().insert("accept", HeaderValue::from_static("text/event-stream"));

    let refused = take_subscriber(service.oneshot(second).await.unwrap()).unwrap_err();

    let text = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(text.starts_with(b"event: sse.refused\n"), "{text:?}");
    assert!(take_subscriber(listener).is_ok(), "the first one is not disturbed");
}

#[test]
fn a_client_gets_the_same_through_every_layer() {
    run(async {
        let setup = Setup::default();
        let events = EventService::new(setup.gateway());
        let inner = events.clone();
        let boxed = service_fn(move |request| {
            let answer = inner.clone().oneshot(request);
            async { Ok::<_, Infallible>(ResponseBody::convert(answer.await?, Box::new)) }
        });
        let around = ServiceBuilder::new();
        let cors = around.clone().layer(CorsLayer::permissive());
        let compression = around.clone().layer(CompressionLayer::new());
        let trace = around.clone().layer(TraceLayer::new_for_http());
        let timeout = around.clone().layer(ResponseBodyTimeoutLayer::new(LONG));

        hears(&setup, events.clone()).await;
        hears(&setup, boxed).await;
        hears(&setup, cors.service(events.clone())).await;
        hears(&setup, compression.service(events.clone())).await;
        hears(&setup, trace.service(events.clone())).await;
        hears(&setup, timeout.service(events)).await;
    });
}

#[test]
fn a_counter_sees_every_byte_that_a_client_gets() {
    run(async {
        let (setup, seen) = (Setup::default(), Seen::default());
        let counted = seen.clone();
        let count = MapResponseBodyLayer::new(move |body| Counting::new(body, &counted));
        let service =
            ServiceBuilder::new().layer(count).service(EventService::new(setup.gateway()));

        let answered = hears(&setup, service).await;

        assert_eq!(seen.bytes(), OPEN.len() + EVENT.len() + answered);
    });
}

/// Listens on a server of `service`, and hears what is published; returns how long the answer to the publisher is.
async fn hears<S, B>(setup: &Setup, service: S) -> usize
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(service).await.unwrap() });
    let target = Target::new(addr, setup.clone(), serving);
    let mut listener = target.listen("42").await;
    let answer = target.post("ping", "42", b"hi").await;
    listener.expect(EVENT).await;
    drop(listener);
    // The server is dropped with its connections.
    answer.text().len()
}

/// What the service answers to a listener, or to another method.
async fn answer(method: &str) -> Response<ResponseBody> {
    EventService::new(gateway()).oneshot(request(method)).await.unwrap()
}

fn request(method: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri("/poll/42").header("host", "localhost");
    request.body(Empty::new()).unwrap()
}

fn gateway() -> Gateway {
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    Gateway::new(hub, GatewayConfig::default())
}

fn token() -> Token {
    Token::new("42").unwrap()
}

fn subscriber<B>(response: Response<B>) -> Taken
where
    B: Body<Error: Into<Failed>> + Send + 'static,
{
    take_subscriber(response).expect("nobody has wrapped it")
}

type Failed = Box<dyn Error + Send + Sync>;

/// Sees that the body of `response` is sent as it is.
async fn sent<B>(response: Response<B>)
where
    B: Body<Data = Bytes, Error: Into<Failed> + Debug> + Send + 'static,
{
    let mut body = take_subscriber(response).expect_err("it is not ours").into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), OPEN);
}

type Boxed = UnsyncBoxBody<Bytes, StreamCut>;

/// Ends a stream from elsewhere.
#[derive(Default)]
struct Switch {
    is_off: AtomicBool,
    task: AtomicWaker,
}

impl Switch {
    fn off(&self) {
        self.is_off.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// Looks at no frame, and passes everything on until it is switched off.
struct Switched {
    body: Boxed,
    switch: Arc<Switch>,
}

impl Body for Switched {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        self.switch.task.register(cx.waker());
        if self.switch.is_off.load(Ordering::Acquire) {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The least that makes a body of another one.
struct Plain(Boxed);

impl Body for Plain {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

const LONG: Duration = Duration::from_secs(60);
