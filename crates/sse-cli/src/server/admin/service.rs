use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use tokio::task::spawn_blocking;
use tower_service::Service as TowerService;

use super::{
    door::Door,
    metrics::Metrics,
    page,
    readiness::{Readiness, State},
    seen::Seen,
};

/// The routes of the operator's address.
#[derive(Clone, Debug)]
pub(super) struct Service(Arc<Routes>);

#[derive(Debug)]
struct Routes {
    door: Door,
    metrics: Arc<Metrics>,
    readiness: Readiness,
}

impl Service {
    pub(super) fn new(door: Door, seen: Seen) -> Self {
        let readiness = seen.readiness.clone();
        Self(Arc::new(Routes { door, metrics: Arc::new(Metrics::new(seen)), readiness }))
    }
}

impl Routes {
    async fn answer(&self, parts: &Parts) -> Response<Bytes> {
        if let Some(refused) = self.door.refuse(parts).await {
            return refused;
        }
        let path = parts.uri.path();
        if !PATHS.contains(&path) {
            return page::text(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz");
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let mut response = page::text(StatusCode::METHOD_NOT_ALLOWED, "method is not allowed");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            METRICS => self.metrics().await,
            READY => self.ready(),
            _ => page::text(StatusCode::OK, "ok"),
        }
    }

    async fn metrics(&self) -> Response<Bytes> {
        let metrics = self.metrics.clone();
        // Where the system has no cheap answer, the open descriptors are counted one by one.
        match spawn_blocking(move || metrics.text()).await {
            Ok(text) => page::of(CONTENT_TYPE, text),
            Err(_panic) => page::text(StatusCode::INTERNAL_SERVER_ERROR, "there are no figures"),
        }
    }

    fn ready(&self) -> Response<Bytes> {
        let not_ready = |reason| page::text(StatusCode::SERVICE_UNAVAILABLE, reason);
        match self.readiness.state() {
            State::Serving => page::text(StatusCode::OK, "ready"),
            State::Starting => not_ready("starting: the server does not serve yet"),
            State::Draining => not_ready("draining: the server ends its streams, and then stops"),
        }
    }
}

impl<B> TowerService<Request<B>> for Service {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (routes, (parts, _body)) = (self.0.clone(), request.into_parts());
        Box::pin(async move {
            let mut response = routes.answer(&parts).await;
            if parts.method == Method::HEAD {
                let len = response.body().len();
                response.headers_mut().insert(header::CONTENT_LENGTH, len.into());
                *response.body_mut() = Bytes::new();
            }
            Ok(response.map(Full::new))
        })
    }
}

const PATHS: [&str; 3] = [METRICS, HEALTHY, READY];
const METRICS: &str = "/metrics";
const HEALTHY: &str = "/healthz";
const READY: &str = "/readyz";
