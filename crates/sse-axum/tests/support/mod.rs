//! A server of axum with this crate, configured as a test of the testkit asks for.

use axum::{
    Router,
    extract::{Request, State},
    http::request::Parts,
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{any, get},
};
use sse_axum::{Channels, EventService, LastEventId, SocketOptions, Sse};
use sse_core::Token;
use sse_hyper::{Server, ServerTls};
use sse_testkit::{Setup, Target};
use tokio::{net::TcpListener, task::JoinSet};

/// Over `axum::serve`, or over [`Server`] where there is TLS, which the other has not.
#[allow(dead_code, reason = "each test has a way of its own")]
pub(crate) async fn start(setup: Setup) -> Target {
    if setup.tls.is_some() {
        return start_on_server(setup).await;
    }
    let (app, stopped) = app(&setup);
    let listener = listen(&setup);
    let addr = listener.local_addr().unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped);
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.await.unwrap() });
    Target::new(addr, setup, serving)
}

pub(crate) async fn start_on_server(setup: Setup) -> Target {
    let (app, stopped) = app(&setup);
    let mut server = Server::from_std(listen(&setup)).unwrap().with_graceful_shutdown(stopped);
    let stall = setup.stall_timeout;
    server = server.with_stall_timeout(stall).with_tcp_user_timeout(stall);
    if let Some(identity) = &setup.tls {
        let (certificate, key) = (identity.certificate.as_bytes(), identity.key.as_bytes());
        server = server.with_tls(ServerTls::from_pem(certificate, key).unwrap());
    }
    let addr = server.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(app).await.unwrap() });
    Target::new(addr, setup, serving)
}

fn listen(setup: &Setup) -> std::net::TcpListener {
    let options = SocketOptions::default().with_user_timeout(setup.stall_timeout);
    options.listen("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// The protocol, and beside it `GET /stream` and `/own`; and what ends their streams.
fn app(setup: &Setup) -> (Router, impl Future<Output = ()> + Send + use<>) {
    let gateway = setup.gateway();
    let (channels, requested) = (Channels::new(gateway.hub().clone()), setup.stop.requested());
    let drain = setup.drain;
    let stopped = async move {
        requested.await;
        channels.drain(drain).await;
    };
    let events = EventService::new(gateway.clone());
    let mut app = sse_axum::router(gateway);
    if setup.streams.is_some() {
        app = app.route("/stream", get(stream));
    }
    if setup.own_route {
        app = app.route("/own", any(move |parts| own(events, parts)));
    }
    if setup.sessions {
        app = app.layer(from_fn_with_state(setup.clone(), with_session));
    }
    (app.with_state(setup.clone()), stopped)
}

async fn with_session(State(setup): State<Setup>, mut request: Request, next: Next) -> Response {
    let session = request.headers().get("x-session").map(|name| name.as_bytes());
    if let Some(grant) = setup.session(session) {
        request.extensions_mut().insert(grant);
    }
    next.run(request).await
}

async fn own(events: EventService, parts: Parts) -> Response {
    events.respond(&Token::new("own").unwrap(), &parts).await
}

async fn stream(State(setup): State<Setup>, last: LastEventId) -> Sse {
    let streams = setup.streams.as_ref().expect("it is routed here if there are streams");
    let sse = streams.open(&last).map_or_else(Sse::stop, Sse::new);
    sse.with_keepalive(setup.keepalive).with_shutdown(setup.stop.requested())
}
