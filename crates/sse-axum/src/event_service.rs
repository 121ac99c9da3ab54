use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use sse_core::Gateway;
use sse_tokio::Channels;
use tower_service::Service;

/// Routes for the protocol of `gateway`, under its prefix, to be merged with others.
///
/// Every path under the prefix is the protocol's; without a prefix every path that no other route
/// takes. Publish through `Channels::new(gateway.hub().clone())`.
///
/// ```
/// use axum::{Router, routing::get};
/// use sse_axum::Channels;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
///
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let channels = Channels::new(gateway.hub().clone());
/// let app: Router = Router::new()
///     .route("/", get(async || "a page that listens"))
///     .merge(sse_axum::router(gateway));
/// # Ok::<(), sse_core::GatewayError>(())
/// ```
///
/// # Behind a look of your own
///
/// Layers go around it as around any router. This one lets nobody listen or publish without a session:
///
/// ```
/// use axum::{
///     Router,
///     extract::Request,
///     http::StatusCode,
///     middleware::{Next, from_fn},
///     response::{IntoResponse, Response},
/// };
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
///
/// async fn with_session(request: Request, next: Next) -> Response {
///     match request.headers().get("cookie") {
///         Some(cookie) if cookie == "session=s3cret" => next.run(request).await,
///         _ => StatusCode::UNAUTHORIZED.into_response(),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = GatewayConfig::default().with_prefix("/events")?;
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let app: Router = Router::new().merge(sse_axum::router(gateway).layer(from_fn(with_session)));
/// # let mut app = app;
/// # use tower_service::Service;
/// # let listen = || Request::get("/events/poll/42").header("host", "localhost");
/// # let refused = app.call(listen().body(axum::body::Body::empty())?).await?;
/// # assert_eq!(refused.status(), 401);
/// # let listen = listen().header("cookie", "session=s3cret");
/// # assert_eq!(app.call(listen.body(axum::body::Body::empty())?).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
///
/// # Without a prefix
///
/// `/` is the application's, if it has a route or a fallback for it, in whichever order they are merged.
/// Otherwise it is the protocol's page where the protocol is merged into the application, as above, and
/// axum's 404 where the application is merged into the protocol. A fallback is asked for nothing but `/`.
///
/// axum panics when an application is merged whose own routes may begin with anything, such as `/{id}`
/// and `/{*rest}`: it does not let them stand beside the protocol's. There the protocol needs a prefix.
///
/// # Panics
///
/// If the prefix holds what axum takes for a parameter: `{` or `}`.
pub fn router<S>(gateway: Gateway) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let prefix = gateway.prefix().to_owned();
    let service = EventService::new(gateway);
    let router = if prefix.is_empty() {
        root(service.clone())
    } else {
        Router::new()
            .route_service(&prefix, service.clone())
            .route_service(&format!("{prefix}/"), service.clone())
    };
    router.route_service(&format!("{prefix}/{{*rest}}"), service)
}

/// Answers `/`, and what has no path at all, unless somebody else does.
///
/// A route or a fallback of ours would clash with that of an application. What is in front of axum's own
/// fallback gives way to either.
fn root<S>(service: EventService) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().layer(middleware::from_fn(move |request: Request, _: Next| {
        let mut service = service.clone();
        async move { service.call(request).await }
    }))
}

/// The protocol of a [`Gateway`] as a service for [`Router::nest_service`], or by itself.
///
/// The gateway's prefix is that of the whole path, the one that it is nested at included.
///
/// ```
/// use axum::{Router, extract::Request, body::Body};
/// use sse_axum::EventService;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = GatewayConfig::default().with_prefix("/api/events")?;
/// let service = EventService::new(Gateway::new(Hub::new(HubConfig::new(StringFormat)), config));
/// let channels = service.channels();
/// let mut app = Router::new().nest_service("/api/events", service);
///
/// let listen = Request::get("/api/events/poll/42").header("host", "localhost");
/// let listen = listen.body(Body::empty())?;
/// let response = app.call(listen).await?;
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// assert_eq!(channels.publish(&"42".try_into()?, "ping", b"hi")?.listeners(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventService(sse_hyper::EventService);

impl EventService {
    /// The service of `gateway`.
    pub fn new(gateway: Gateway) -> Self {
        Self(sse_hyper::EventService::new(gateway))
    }

    /// The channels behind the service, to publish from this process.
    pub fn channels(&self) -> Channels {
        self.0.channels()
    }
}

impl Service<Request<Body>> for EventService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // A router that nests the service strips what it matched.
        if let Some(OriginalUri(uri)) = request.extensions_mut().remove() {
            *request.uri_mut() = uri;
        }
        let answer = self.0.call(request);
        Box::pin(async { Ok(answer.await?.into_response()) })
    }
}
