//! Filters and layers around the protocol: which leave the stream of a channel to the server, and which see its
//! bytes.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    convert::Infallible,
    error::Error,
    fmt::Debug,
    io::Read,
    time::{Duration, Instant},
};

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::{BodyDataStream, BodyExt};
use hyper::body::Incoming;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token,
    channel::{Mode, Output},
};
use sse_hyper::Server;
use sse_testkit::{Counting, Holding, OPEN, Seen, Setup, Target, head, run, until};
use sse_tokio::take_subscriber;
use sse_warp::{Channels, EventService};
use tokio::task::JoinSet;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_http::{
    compression::{CompressionLayer, predicate::SizeAbove},
    cors::CorsLayer,
    map_response_body::MapResponseBodyLayer,
    set_header::SetResponseHeaderLayer,
    timeout::ResponseBodyTimeoutLayer,
    trace::TraceLayer,
};
use warp::{Filter, Rejection, Reply, filters::BoxedFilter, reply};

type Failed = Box<dyn Error + Send + Sync>;

const EVENT: &str = "event: ping\ndata: hi\n\n";

#[tokio::test]
async fn a_filter_leaves_it_to_the_server() {
    let routes = || sse_warp::routes(gateway());
    let events = EventService::new(gateway());
    let own = warp::path!("poll" / "42").and(sse_warp::parts()).then(move |parts| {
        let events = events.clone();
        async move { events.respond(&token(), &parts).await }
    });
    let channels = Channels::new(gateway().hub().clone());
    let bare = warp::path!("poll" / "42")
        .map(move || sse_warp::event_stream(channels.listen(&token()).unwrap()));
    let page = warp::path::end().map(|| "mine");
    let recovered = async |rejection: Rejection| Err::<String, _>(rejection);
    for (what, filter) in [
        ("the protocol", boxed(routes())),
        ("beside a page", boxed(page.or(routes()))),
        ("before a page", boxed(routes().or(page))),
        ("a route", boxed(own)),
        ("a stream", boxed(bare)),
        ("with a header", boxed(routes().with(reply::with::header("x-name", "value")))),
        ("with another header", boxed(routes().map(|it| reply::with_header(it, "x-name", "1")))),
        ("with cors", boxed(routes().with(warp::cors().allow_any_origin()))),
        ("with a log", boxed(routes().with(warp::log("test")))),
        ("with a trace", boxed(routes().with(warp::trace::request()))),
        ("recovered", boxed(routes().recover(recovered))),
    ] {
        assert!(take_subscriber(answer(filter).await).is_ok(), "{what}");
    }
}

#[tokio::test]
async fn the_server_has_the_stream_from_its_beginning() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let response = answer(boxed(sse_warp::routes(gateway))).await;

    let mut taken = take_subscriber(response).unwrap();

    assert_eq!(taken.parts.headers["content-type"], "text/event-stream");
    let waker = std::task::Waker::noop();
    let output = taken.subscriber.poll_output(waker, Instant::now());
    assert!(matches!(output, Output::Write(open) if *open == *OPEN.as_bytes()));
    assert_eq!(hub.counts().listeners, 1);
    drop(taken.subscriber);
    assert_eq!(hub.counts().listeners, 0);
}

#[tokio::test]
async fn layers_that_leave_the_body_alone_leave_it_to_the_server() {
    let (name, value) = (HeaderName::from_static("x-name"), HeaderValue::from_static("value"));
    let service = ServiceBuilder::new()
        .layer(CorsLayer::permissive())
        .layer(SetResponseHeaderLayer::overriding(name, value))
        .service(warp::service(sse_warp::routes(gateway())));

    let response = service.oneshot(request()).await.unwrap();

    assert_eq!(take_subscriber(response).unwrap().parts.headers["x-name"], "value");
}

#[tokio::test]
async fn a_wrapper_inside_of_a_filter_sees_every_byte() {
    let seen = Seen::default();
    for times in 1..=2 {
        let (counted, before) = (seen.clone(), seen.bytes());
        let filter = sse_warp::routes(gateway()).map(move |routed| {
            let once = counting(routed, &counted);
            if times == 1 { once } else { counting(once, &counted) }
        });

        let mut body = take_subscriber(answer(boxed(filter)).await).unwrap_err().into_body();

        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), OPEN);
        assert_eq!(seen.bytes() - before, times * OPEN.len());
    }
}

#[tokio::test]
async fn a_body_in_its_place_is_sent_and_the_listener_is_gone() {
    let gateway = gateway();
    let hub = gateway.hub().clone();
    let filter = sse_warp::routes(gateway).map(|routed| {
        let (parts, _) = response(routed).into_parts();
        let other = reply::stream(stream::iter([Ok::<_, Infallible>("other")]));
        Response::from_parts(parts, other.into_response().into_body())
    });

    let response = take_subscriber(answer(boxed(filter)).await).unwrap_err();

    assert_eq!(hub.counts().listeners, 0);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "other");
}

#[tokio::test]
async fn what_a_wrapper_holds_is_held_until_the_stream_is_over() {
    let seen = Seen::default();
    let held = seen.clone();
    let filter = sse_warp::routes(gateway()).map(move |routed| {
        let (parts, body) = response(routed).into_parts();
        let frames = BodyDataStream::new(Holding::new(body, &held));
        Response::from_parts(parts, reply::stream(frames).into_response().into_body())
    });

    let kept = take_subscriber(answer(boxed(filter)).await);

    assert_eq!(seen.bodies(), 1);
    drop(kept);
    assert_eq!(seen.bodies(), 0);
}

#[test]
fn a_client_gets_the_same_through_every_layer() {
    run(async {
        let setup = Setup::default();
        let app = || warp::service(sse_warp::routes(setup.gateway()));
        let around = ServiceBuilder::new();
        let cors = around.clone().layer(CorsLayer::permissive());
        let trace = around.clone().layer(TraceLayer::new_for_http());
        let timeout = around.clone().layer(ResponseBodyTimeoutLayer::new(LONG));
        let header = sse_warp::routes(setup.gateway());
        let header = header.with(reply::with::header("x-name", "value"));

        hears(serve(app()).await).await;
        hears(serve(warp::service(header)).await).await;
        hears(serve(cors.service(app())).await).await;
        hears(serve(trace.service(app())).await).await;
        hears(serve(timeout.service(app())).await).await;
    });
}

#[test]
fn a_counter_sees_every_byte_that_a_client_gets() {
    run(async {
        let (inside, around) = (Seen::default(), Seen::default());
        let counted = inside.clone();
        let filter = sse_warp::routes(Setup::default().gateway());
        let filter = filter.map(move |routed| counting(routed, &counted));
        let counted = around.clone();
        let layer = MapResponseBodyLayer::new(move |body| Counting::new(body, &counted));
        let service = ServiceBuilder::new().layer(layer).service(warp::service(filter));

        let published = hears(serve(service).await).await;

        assert_eq!(inside.bytes(), OPEN.len() + EVENT.len() + published);
        assert_eq!(around.bytes(), inside.bytes());
        until("a body is held", async || around.bodies() + inside.bodies() == 0).await;
    });
}

#[test]
fn a_compressed_stream_is_what_a_client_gets() {
    run(async {
        let gateway = gateway();
        let channels = Channels::new(gateway.hub().clone());
        let compression = CompressionLayer::new().compress_when(SizeAbove::new(0));
        let app = warp::service(sse_warp::routes(gateway));
        let target = serve(ServiceBuilder::new().layer(compression).service(app)).await;
        let mut connection = target.connect().await;
        connection.send(head("GET", "/poll/42", &[("Accept-Encoding", "gzip")])).await;
        until("nobody listens", async || channels.hub().counts().listeners == 1).await;

        channels.publish(&token(), "ping", b"hi").unwrap();
        channels.close(&token()).unwrap();

        let response = connection.response().await;
        assert_eq!(response.head.field("content-encoding"), Some("gzip"));
        let mut text = String::new();
        GzDecoder::new(&*response.body).read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("{OPEN}{EVENT}"));
    });
}

/// Listens on `target`, and hears what is published; returns how long the answer to the publisher is.
async fn hears(target: Target) -> usize {
    let mut listener = target.listen("42").await;
    let answer = target.post("ping", "42", b"hi").await;
    listener.expect(EVENT).await;
    drop(listener);
    answer.text().len()
}

/// A server of `app`.
async fn serve<S, B>(app: S) -> Target
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(app).await.unwrap() });
    Target::new(addr, Setup::default(), serving)
}

/// The same answer with a body around its own that counts in `seen`.
fn counting(routed: impl Reply, seen: &Seen) -> reply::Response {
    let (parts, body) = routed.into_response().into_parts();
    let frames = BodyDataStream::new(Counting::new(body, seen));
    Response::from_parts(parts, reply::stream(frames).into_response().into_body())
}

fn boxed<F, R>(filter: F) -> BoxedFilter<(reply::Response,)>
where
    F: Filter<Extract = (R,), Error: Into<Rejection>> + Clone + Send + Sync + 'static,
    R: Reply + 'static,
{
    filter.map(|routed: R| routed.into_response()).boxed()
}

fn response(routed: impl Reply) -> reply::Response {
    routed.into_response()
}

/// What `filter` answers to a listener.
async fn answer(
    filter: BoxedFilter<(reply::Response,)>,
) -> Response<impl Body<Data = Bytes, Error: Into<Failed> + Debug> + Send + Unpin + 'static> {
    warp::service(filter).oneshot(request()).await.unwrap()
}

fn request() -> Request<String> {
    Request::get("/poll/42").header("host", "localhost").body(String::new()).unwrap()
}

fn gateway() -> Gateway {
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    Gateway::new(hub, GatewayConfig::default())
}

fn token() -> Token {
    Token::new("42").unwrap()
}

const LONG: Duration = Duration::from_secs(60);
