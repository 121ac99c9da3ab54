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
    response::Response,
};
use http::request::Parts;
use sse_core::{Gateway, Token};
use sse_tokio::{Channels, ResponseBody};
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
/// # Ok::<(), sse_core::gateway::GatewayError>(())
/// ```
///
/// # Who may listen and publish
///
/// [`GatewayConfig::with_access`](sse_core::GatewayConfig::with_access) sets who may, independently of the
/// framework. Here a closure decides; the crate `sse-access` checks tokens, passwords and tickets. The closure
/// finds the key by its hash in a map, since the time of a comparison would show how much of a guess is right.
///
/// ```
/// use std::collections::HashMap;
///
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::{Access, Credential, Denied, Grant, Permissions, from_fn},
/// };
///
/// let staff = Grant::new(Permissions::all().with_action("ping").with_action("close"));
/// let keys = HashMap::from([("s3cret".to_owned(), staff)]);
/// let access = Access::new(from_fn(move |request| match request.credential() {
///     Some(Credential::Bearer(key)) => keys.get(*key).cloned().map(Some).ok_or(Denied::Unauthorized),
///     Some(_) => Err(Denied::Unauthorized),
///     None => Ok(None),
/// }));
/// let access = access.with_anonymous(Permissions::none().with_listen("news".parse()?));
/// let config = GatewayConfig::default().with_access(access);
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
/// let app: axum::Router = sse_axum::router(gateway);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Behind a check of your own
///
/// Layers go around it as around any router. This one lets nobody listen or publish without a session.
/// With a session it permits listening in the rooms only: it puts a [`Grant`](sse_core::access::Grant) into the
/// extensions of the request.
///
/// ```
/// use axum::{
///     Router,
///     extract::Request,
///     http::StatusCode,
///     middleware::{Next, from_fn},
///     response::{IntoResponse, Response},
/// };
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::{Grant, Pattern, Permissions},
/// };
///
/// async fn with_session(mut request: Request, next: Next) -> Response {
///     match request.headers().get("cookie") {
///         Some(cookie) if cookie == "session=s3cret" => {
///             let rooms = Pattern::new("room:*").expect("it is a pattern");
///             let grant = Grant::new(Permissions::none().with_listen(rooms));
///             request.extensions_mut().insert(grant.with_subject("alice"));
///             next.run(request).await
///         }
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
/// # let listen = |path| Request::get(path).header("host", "localhost");
/// # let refused = app.call(listen("/events/poll/42").body(axum::body::Body::empty())?).await?;
/// # assert_eq!(refused.status(), 401);
/// # for (path, status) in [("/events/poll/42", 403), ("/events/poll/room:42", 200)] {
/// #     let listen = listen(path).header("cookie", "session=s3cret");
/// #     assert_eq!(app.call(listen.body(axum::body::Body::empty())?).await?.status(), status);
/// # }
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

    /// Answers a request in a route of your own with the channel `token`: all that the protocol does on the
    /// path that listens. That is the place to start from, a refusal as each client can read it, CORS, the
    /// headers `Sse-*`, HEAD, and looking again at a token that is taken; see [`Gateway::listen`].
    ///
    /// The route decides beforehand who may listen, and on which channel. If it puts a
    /// [`Grant`](sse_core::access::Grant) into the extensions of `parts`, the stream ends when that ends or is
    /// revoked. Call it for GET and HEAD,
    /// as by [`get`](axum::routing::get), and for OPTIONS too where pages of other origins may listen, as by
    /// [`any`](axum::routing::any). [`router`] of the same gateway may stand beside it.
    ///
    /// ```
    /// use axum::{
    ///     Router,
    ///     extract::State,
    ///     http::{StatusCode, request::Parts},
    ///     response::{IntoResponse, Response},
    ///     routing::get,
    /// };
    /// use sse_axum::EventService;
    /// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token};
    ///
    /// async fn mine(State(events): State<EventService>, parts: Parts) -> Response {
    ///     if parts.headers.get("cookie").is_none_or(|cookie| cookie != "session=s3cret") {
    ///         return StatusCode::UNAUTHORIZED.into_response();
    ///     }
    ///     events.respond(&Token::new("alice").expect("it is a token"), &parts).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let app: Router = Router::new().route("/mine", get(mine)).with_state(EventService::new(gateway));
    /// # let mut app = app;
    /// # use axum::{body::Body, extract::Request};
    /// # use tower_service::Service;
    /// # let mut ask = async |cookie| {
    /// #     let request = Request::get("/mine").header("host", "localhost").header("cookie", cookie);
    /// #     app.call(request.body(Body::empty()).unwrap()).await.unwrap()
    /// # };
    /// # assert_eq!(ask("theme=dark").await.status(), 401);
    /// # let listening = ask("session=s3cret").await;
    /// # assert_eq!(listening.headers()["content-type"], "text/event-stream");
    /// # assert_eq!(ask("session=s3cret").await.status(), 423);
    /// # }
    /// ```
    pub async fn respond(&self, token: &Token, parts: &Parts) -> Response {
        ResponseBody::convert(self.0.respond(token, parts).await, Body::new)
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
        Box::pin(async { Ok(ResponseBody::convert(answer.await?, Body::new)) })
    }
}
