use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body as HttpBody;
use http_body_util::Empty;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use tokio::task::spawn_blocking;
use tower_service::Service as TowerService;

use super::{
    answer::{self, Body, boxed},
    asker::Asker,
    door::Door,
    form::Form,
    live::Live,
    metrics::Metrics,
    readiness::State,
    request_body,
    route::{Action, Route, Target},
    seen::Seen,
};

/// What the operator's address answers.
#[derive(Clone, Debug)]
pub(super) struct Service(Arc<Routes>);

#[derive(Debug)]
struct Routes {
    door: Door,
    metrics: Arc<Metrics>,
    live: Arc<Live>,
    seen: Seen,
}

impl Service {
    pub(super) fn new(door: Door, seen: Seen) -> Self {
        let metrics = Arc::new(Metrics::new(seen.clone()));
        let live = Arc::new(Live::new(seen.clone()));
        Self(Arc::new(Routes { door, metrics, live, seen }))
    }

    pub(super) fn live(&self) -> Arc<Live> {
        self.0.live.clone()
    }
}

impl Routes {
    async fn answer<B>(&self, parts: &Parts, body: B) -> Response<Body>
    where
        B: HttpBody,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let asker = match self.door.admit(parts).await {
            Ok(asker) => asker,
            Err(refused) => return *refused,
        };
        let Some((route, segment)) = Route::find(parts.uri.path()) else {
            return answer::text(StatusCode::NOT_FOUND, &Route::all());
        };
        if !route.allows(&parts.method) {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = answer::text(status, "method is not allowed");
            response.headers_mut().insert(header::ALLOW, route.allow());
            return response;
        }
        match route.target {
            Target::Metrics => self.metrics().await,
            Target::Alive => answer::text(StatusCode::OK, "ok"),
            Target::Ready => self.ready(),
            Target::Page => self.live.page(),
            Target::Server => self.live.server(parts),
            Target::Channel => self.live.channel(segment, parts),
            Target::Action(action) => match request_body::form(parts, body).await {
                Ok(form) => self.act(action, segment, form, &asker).await,
                Err(error) => answer::text(error.status(), &error.to_string()),
            },
        }
    }

    async fn act(
        &self,
        action: Action,
        segment: &str,
        form: Form,
        asker: &Asker,
    ) -> Response<Body> {
        let done = match action {
            Action::Revoke => self.seen.revoke(form, asker, Instant::now()).await,
            Action::EndChannel => self.seen.end_channel(segment, form, asker).await,
            Action::Drain => self.seen.drain_as_asked(form, asker),
            Action::Backup => self.seen.back_up(form, asker).await,
        };
        done.unwrap_or_else(|error| answer::text(error.status(), &error.to_string()))
    }

    async fn metrics(&self) -> Response<Body> {
        let metrics = self.metrics.clone();
        // Where the system has no cheap answer, the open descriptors are counted one by one.
        match spawn_blocking(move || metrics.text()).await {
            Ok(text) => answer::of(CONTENT_TYPE, text),
            Err(_panic) => answer::text(StatusCode::INTERNAL_SERVER_ERROR, "there are no figures"),
        }
    }

    fn ready(&self) -> Response<Body> {
        let not_ready = |reason: &str| answer::text(StatusCode::SERVICE_UNAVAILABLE, reason);
        let trouble = self.seen.histories.trouble();
        match (self.seen.readiness.state(), trouble) {
            (State::Starting, Some(trouble)) => not_ready(&format!("starting: {trouble}")),
            (State::Starting, None) => not_ready("starting: the server does not serve yet"),
            (State::Serving, Some(trouble)) => not_ready(&format!("not ready: {trouble}")),
            // It is why the server drains.
            (State::Draining, Some(trouble)) if trouble.is_final() => {
                not_ready(&format!("not ready: {trouble}"))
            }
            (State::Draining, _) => {
                not_ready("draining: the server ends its streams, and then stops")
            }
            (State::Serving, None) => match self.seen.check_dependencies(Instant::now()) {
                Ok(()) => answer::text(StatusCode::OK, "ready"),
                Err(unreachable) => not_ready(&format!("not ready: {unreachable}")),
            },
        }
    }
}

impl<B> TowerService<Request<B>> for Service
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (routes, (parts, body)) = (self.0.clone(), request.into_parts());
        Box::pin(async move {
            let mut response = routes.answer(&parts, body).await;
            if parts.method == Method::HEAD {
                if let Some(len) = response.body().size_hint().exact() {
                    response.headers_mut().insert(header::CONTENT_LENGTH, len.into());
                }
                *response.body_mut() = boxed(Empty::new());
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use sse_access::limits::Limits;
    use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, access::Revocation};
    use sse_hyper::Server;

    use super::*;
    use crate::server::{admin::Drains, histories::Histories};

    #[tokio::test]
    async fn a_server_that_starts_is_alive_and_neither_ready_nor_to_be_acted_on() {
        let (seen, _drains) = seen();

        for (method, path, body, expected) in [
            ("GET", "/healthz", "", (200, "ok\n")),
            ("GET", "/readyz", "", (503, "starting: the server does not serve yet\n")),
            ("POST", "/drain", "", (503, "starting: the server does not serve yet\n")),
            ("POST", "/revoke", "token=7", (503, "starting: the server does not serve yet\n")),
        ] {
            let (status, text) = ask(&seen, method, path, body).await;
            assert_eq!((status, &*text), expected, "{method} {path}");
        }
        assert_eq!(ask(&seen, "GET", "/metrics", "").await.0, 200);
    }

    #[tokio::test]
    async fn a_revocation_that_cannot_be_remembered_is_said_to_be_refused() {
        let (seen, _drains) = seen();
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        seen.serve(server.handle(), Gateway::new(seen.hub.clone(), GatewayConfig::default()));
        for id in 0..100_000 {
            seen.hub.revoke(&Revocation::id(&id.to_string()), Instant::now()).unwrap().wake();
        }

        let (status, text) = ask(&seen, "POST", "/revoke", "subject=alice").await;

        assert_eq!(status, 503);
        assert!(text.starts_with("no more than 100000 revocations can be remembered"), "{text}");
        assert_eq!(ask(&seen, "POST", "/revoke", "token=7").await.0, 200, "it is known");
    }

    fn seen() -> (Seen, Drains) {
        Seen::new(
            Hub::new(HubConfig::new(StringFormat)),
            Arc::new(Limits::new()),
            Histories::default(),
        )
    }

    async fn ask(seen: &Seen, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut service = Service::new(Door::new(None, None), seen.clone());
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = service.call(request.body(body.to_owned()).unwrap()).await;
        let (head, body) = response.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
    }
}
