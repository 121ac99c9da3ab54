//! A server of this crate, configured as a test of the testkit asks for.

use std::{
    convert::Infallible,
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use sse_core::{Token, response::LastEventId};
use sse_hyper::{EventService, ResponseBody, Server, ServerTls, Sse, StreamCut};
use sse_testkit::{Counting, Seen, Setup, Target};
use tokio::task::JoinSet;
use tower_service::Service;

/// A server that can take the subscribers out of what its service answers.
#[allow(dead_code, reason = "each test has a way of its own")]
pub(crate) async fn start(setup: Setup) -> Target {
    start_with(setup, |answer| ResponseBody::convert(answer, BodyExt::boxed_unsync)).await
}

/// A server whose service answers with bodies that middleware has wrapped.
#[allow(dead_code, reason = "each test has a way of its own")]
pub(crate) async fn start_with_bodies(setup: Setup) -> Target {
    start_with(setup, |answer| {
        answer.map(|body| Counting::new(body, &Seen::default()).boxed_unsync())
    })
    .await
}

async fn start_with(setup: Setup, convert: Convert) -> Target {
    let protocol = EventService::new(setup.gateway());
    let channels = protocol.channels();
    let stopped = setup.stop.requested();
    let drain = setup.drain;
    let mut server =
        Server::bind("127.0.0.1:0").await.unwrap().with_graceful_shutdown(async move {
            stopped.await;
            channels.drain(drain).await;
        });
    let stall = setup.stall_timeout;
    server = server.with_stall_timeout(stall).with_tcp_user_timeout(stall);
    if let Some(identity) = &setup.tls {
        let (certificate, key) = (identity.certificate.as_bytes(), identity.key.as_bytes());
        server = server.with_tls(ServerTls::from_pem(certificate, key).unwrap());
    }
    let addr = server.local_addr().unwrap();
    let service = App { protocol, setup: setup.clone(), convert };
    let mut serving = JoinSet::new();
    serving.spawn(async move { server.serve(service).await.unwrap() });
    Target::new(addr, setup, serving)
}

/// The protocol, and beside it `GET /stream` and `/own`.
#[derive(Clone)]
struct App {
    protocol: EventService,
    setup: Setup,
    convert: Convert,
}

type Convert = fn(Response<ResponseBody>) -> Response<Body>;
type Body = UnsyncBoxBody<Bytes, StreamCut>;

impl App {
    fn stream(&self, last: &LastEventId) -> Option<Response<Body>> {
        let sse = match self.setup.streams.as_ref()?.open(last) {
            Some(stream) => Sse::new(stream),
            None => Sse::stop(),
        };
        let stopped = self.setup.stop.requested();
        let sse = sse.with_keepalive(self.setup.keepalive).with_shutdown(stopped);
        Some(sse.into_response().map(BodyExt::boxed_unsync))
    }
}

impl Service<Request<Incoming>> for App {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if let Some(grant) =
            self.setup.session(parts.headers.get("x-session").map(|it| it.as_bytes()))
        {
            parts.extensions.insert(grant);
        }
        if parts.uri.path() == "/stream"
            && let Some(response) = self.stream(&LastEventId::from(&parts))
        {
            return Box::pin(ready(Ok(response)));
        }
        if parts.uri.path() == "/own" && self.setup.own_route {
            let (protocol, convert) = (self.protocol.clone(), self.convert);
            return Box::pin(async move {
                let own = Token::new("own").expect("it is a token");
                Ok(convert(protocol.respond(&own, &parts).await))
            });
        }
        let (answer, convert) =
            (self.protocol.call(Request::from_parts(parts, body)), self.convert);
        Box::pin(async move { Ok(convert(answer.await?)) })
    }
}
