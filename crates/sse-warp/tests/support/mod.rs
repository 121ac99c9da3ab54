//! A server of warp with this crate, configured as a test of the testkit asks for.

use std::{
    future::ready,
    task::{Context, Poll},
};

use http::{Request, request::Parts};
use sse_core::Token;
use sse_hyper::{Server, ServerTls};
use sse_testkit::{Setup, Target};
use sse_warp::{Channels, EventService, LastEventId, SocketOptions, Sse};
use tokio::task::JoinSet;
use tower_service::Service;
use warp::{Filter, reject, reply::Response};

pub(crate) async fn start(setup: Setup) -> Target {
    let gateway = setup.gateway();
    let (channels, stopped) = (Channels::new(gateway.hub().clone()), setup.stop.requested());
    let drain = setup.drain;
    let state = setup.clone();
    let stream = warp::path!("stream").and(warp::get()).and(sse_warp::last_event_id()).and_then(
        move |last| {
            let sse = stream(&state, &last).ok_or_else(reject::not_found);
            async move { sse }
        },
    );
    let (events, has_own_route) = (EventService::new(gateway.clone()), setup.own_route);
    let own = warp::path!("own")
        .and_then(move || ready(if has_own_route { Ok(()) } else { Err(reject::not_found()) }))
        .untuple_one()
        .and(sse_warp::parts())
        .then(move |parts| own(events.clone(), parts));
    let filter = stream.or(own).or(sse_warp::routes(gateway));

    let listener = SocketOptions::default().listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut server = Server::from_std(listener).unwrap().with_graceful_shutdown(async move {
        stopped.await;
        channels.drain(drain).await;
    });
    let stall = setup.stall_timeout;
    server = server.with_stall_timeout(stall).with_tcp_user_timeout(stall);
    if let Some(identity) = &setup.tls {
        let (certificate, key) = (identity.certificate.as_bytes(), identity.key.as_bytes());
        server = server.with_tls(ServerTls::from_pem(certificate, key).unwrap());
    }
    let mut serving = JoinSet::new();
    let app = WithSession { app: warp::service(filter), setup: setup.clone() };
    serving.spawn(async move { server.serve(app).await.unwrap() });
    Target::new(addr, setup, serving)
}

/// A service of `tower` around the filters, since none of them changes the extensions of a request.
#[derive(Clone)]
struct WithSession<S> {
    app: S,
    setup: Setup,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for WithSession<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let session = request.headers().get("x-session").map(|name| name.as_bytes());
        if let Some(grant) = self.setup.session(session) {
            request.extensions_mut().insert(grant);
        }
        self.app.call(request)
    }
}

async fn own(events: EventService, parts: Parts) -> Response {
    events.respond(&Token::new("own").unwrap(), &parts).await
}

fn stream(setup: &Setup, last: &LastEventId) -> Option<Sse> {
    let sse = setup.streams.as_ref()?.open(last).map_or_else(Sse::stop, Sse::new);
    Some(sse.with_keepalive(setup.keepalive).with_shutdown(setup.stop.requested()))
}
