//! The protocol and `Sse` inside of applications, as actix-web builds them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{cell::Cell, rc::Rc};

use actix_web::{App, HttpServer, middleware::Compress, web};
use futures_util::{StreamExt, stream};
use sse_actix::{Channels, EventService, SocketOptions, Sse};
use sse_core::{Event, Token};
use sse_testkit::{Listener, Setup, Target, head, run};
use tokio::task::JoinSet;

/// A server of what the closure builds, on a port of its own.
macro_rules! serve {
    ($setup:expr, $app:expr) => {{
        let listener = SocketOptions::default().listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let server = HttpServer::new($app).h1_allow_half_closed(false).listen(listener).unwrap();
        let server = server.disable_signals().run();
        let mut serving = JoinSet::new();
        serving.spawn(async move { server.await.unwrap() });
        Target::new(addr, $setup, serving)
    }};
}

#[test]
fn the_protocol_is_mounted_in_a_scope() {
    run(async {
        let setup = prefixed("/api/events");
        let events = EventService::new(setup.gateway());
        let target = serve!(setup, move || App::new().service(
            web::scope("/api")
                .service(events.clone())
                .route("/eventsource", web::get().to(async || "beside it"))
        ));

        hears_what_is_published(&target).await;

        assert_eq!(target.get("/api/eventsource").await.text(), "beside it");
    });
}

#[test]
fn the_protocol_is_mounted_by_configure() {
    run(async {
        let setup = prefixed("/events");
        let events = EventService::new(setup.gateway());
        let target = serve!(setup, move || App::new()
            .configure(|config| {
                config.service(events.clone());
            })
            .route("/", web::get().to(async || "mine")));

        hears_what_is_published(&target).await;

        assert_eq!(target.get("/").await.text(), "mine");
        assert_eq!(target.get("/events").await.status(), 200);
    });
}

#[test]
fn a_prefix_is_compared_as_it_came() {
    run(async {
        let setup = prefixed("/a%20b");
        let events = EventService::new(setup.gateway());
        let target = serve!(setup, move || App::new().service(events.clone()));

        hears_what_is_published(&target).await;
    });
}

#[test]
fn a_handler_publishes_from_any_worker() {
    run(async {
        let events = EventService::new(Setup::default().gateway());
        let target = serve!(Setup::default(), move || App::new()
            .app_data(web::Data::new(events.channels()))
            .route("/tell/{token}", web::post().to(tell))
            .service(events.clone()));
        let mut listener = target.listen("42").await;

        for said in ["1", "2", "3", "4"] {
            target.publish("tell", "42", said).await;
            listener.expect(&format!("event: ping\ndata: {said}\n\n")).await;
        }
    });
}

#[test]
fn compress_holds_no_event_back() {
    run(async {
        let events = EventService::new(Setup::default().gateway());
        let target = serve!(Setup::default(), move || App::new()
            .wrap(Compress::default())
            .route("/stream", web::get().to(one_and_no_end))
            .service(events.clone()));
        let ask = async |path| {
            let mut connection = target.connect().await;
            connection.send(head("GET", path, &[("Accept-Encoding", "gzip")])).await;
            let head = connection.head().await;
            let encoding = head.field("content-encoding").map(str::to_owned);
            (Listener::new(connection, head), encoding)
        };

        let (listener, encoding) = ask("/poll/42").await;
        let mut listener = listener.opened().await;
        target.publish("ping", "42", "hi").await;
        listener.expect("event: ping\ndata: hi\n\n").await;
        assert_eq!(encoding.as_deref(), Some("identity"));

        let (mut listener, encoding) = ask("/stream").await;
        listener.expect("data: 1\n\n").await;
        assert_eq!(encoding.as_deref(), Some("identity"));

        let (_page, encoding) = ask("/").await;
        assert_eq!(encoding.as_deref(), Some("gzip"), "what is no stream is compressed");
        let plain = target.listen("43").await;
        assert_eq!(plain.head().field("content-encoding"), None, "nobody asked for an encoding");
    });
}

#[test]
fn a_stream_may_stay_on_its_thread() {
    run(async {
        let target =
            serve!(Setup::default(), || App::new().route("/stream", web::get().to(counted)));

        let mut listener = target.listen_at("/stream").await;

        listener.expect("data: 1\n\n").await;
        listener.expect("data: 2\n\n").await;
        listener.expect_end().await;
    });
}

#[test]
fn a_stream_of_http_1_0_is_not_said_to_keep_its_connection() {
    run(async {
        let events = EventService::new(Setup::default().gateway());
        let target = serve!(Setup::default(), move || App::new()
            .route("/stream", web::get().to(counted))
            .service(events.clone()));

        for path in ["/stream", "/poll/42"] {
            let mut connection = target.connect().await;
            let request = format!("GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            connection.send(request).await;
            let head = connection.head().await;
            assert_eq!((head.status, head.field("connection")), (200, None), "{path}");
        }
    });
}

#[test]
fn what_is_registered_before_the_protocol_comes_first() {
    run(async {
        let events = EventService::new(Setup::default().gateway());
        let target = serve!(Setup::default(), move || App::new()
            .service(web::resource("/").to(async || "mine"))
            .route("/poll/mine", web::get().to(async || "mine"))
            .service(events.clone())
            .default_service(web::to(async || "never reached")));

        hears_what_is_published(&target).await;

        assert_eq!(target.get("/").await.text(), "mine");
        assert_eq!(target.get("/poll/mine").await.text(), "mine");
        let page = target.get("/nothing/here").await;
        assert_eq!((page.status(), page.head.field("location")), (301, Some("/")));
    });
}

#[test]
fn without_a_prefix_nothing_behind_the_protocol_is_reached() {
    run(async {
        let events = EventService::new(Setup::default().gateway());
        let target = serve!(Setup::default(), move || App::new()
            .service(events.clone())
            .service(web::resource("/").to(async || "mine")));

        hears_what_is_published(&target).await;

        let page = target.get("/").await;
        assert_eq!((page.status(), page.text() == "mine"), (200, false));
    });
}

fn prefixed(prefix: &str) -> Setup {
    let mut setup = Setup::default();
    prefix.clone_into(&mut setup.prefix);
    setup
}

async fn hears_what_is_published(target: &Target) {
    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;
    let path = format!("{}/poll", target.setup().prefix);
    assert_eq!(target.get(&path).await.status(), 400, "{path} has one segment too few");
}

async fn tell(channels: web::Data<Channels>, token: web::Path<String>, said: String) -> String {
    let receipt = channels.publish(&Token::new(&token).unwrap(), "ping", said.as_bytes());
    receipt.unwrap().listeners().to_string()
}

async fn one_and_no_end() -> Sse {
    Sse::new(stream::iter([Event::data("1")]).chain(stream::pending()))
}

async fn counted() -> Sse {
    let count = Rc::new(Cell::new(0));
    Sse::new(stream::iter(0..2).map(move |_| {
        count.set(count.get() + 1);
        Event::data(count.get().to_string())
    }))
}
