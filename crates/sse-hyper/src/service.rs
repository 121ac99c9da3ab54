use std::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response, request::Parts};
use http_body::Body;
use sse_core::{Gateway, Token};
use sse_tokio::{Channels, Protocol, ResponseBody};
use tower_service::Service;

/// The protocol of a [`Gateway`] as a service for hyper, or any other user of `tower`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::Empty;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use sse_hyper::EventService;
/// use tower_service::Service;
///
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let mut service = EventService::new(gateway);
/// let listen = http::Request::get("/poll/42").header("host", "localhost");
/// let listen = listen.body(Empty::<bytes::Bytes>::new())?;
/// let response = service.call(listen).await?;
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
///
/// let receipt = service.channels().publish(&"42".try_into()?, "ping", b"hi")?;
/// assert_eq!(receipt.listeners(), 1);
/// # Ok(())
/// # }
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
/// let service = sse_hyper::EventService::new(gateway);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Behind a check of your own
///
/// It is a service like any other, so layers of `tower` go around it, and a service of your own may ask
/// it for what it lets through. This one lets nobody listen or publish without a session. With a session it
/// permits listening in the rooms only: it puts a [`Grant`](sse_core::access::Grant) into the extensions of the
/// request. It needs `tower` with the feature `util`, and `http-body-util`:
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::{Either, Empty};
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::{Grant, Permissions},
/// };
/// use sse_hyper::{EventService, ResponseBody};
/// use tower::{ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let events = EventService::new(gateway);
/// let rooms = Permissions::none().with_listen("room:*".parse()?);
/// let rooms = Grant::new(rooms).with_subject("alice");
/// // Under `Server` it is a `Request<hyper::body::Incoming>`.
/// let service = service_fn(move |mut request: Request<Empty<Bytes>>| {
///     let (events, rooms) = (events.clone(), rooms.clone());
///     async move {
///         match request.headers().get("cookie") {
///             Some(cookie) if cookie == "session=s3cret" => {
///                 request.extensions_mut().insert(rooms);
///                 let answer = events.oneshot(request).await?;
///                 Ok::<_, Infallible>(ResponseBody::convert(answer, Either::Left))
///             }
///             _ => {
///                 let mut refused = Response::new(Either::Right(Empty::<Bytes>::new()));
///                 *refused.status_mut() = StatusCode::UNAUTHORIZED;
///                 Ok(refused)
///             }
///         }
///     }
/// });
/// # let listen = |path| Request::get(path).header("host", "localhost");
/// # assert_eq!(service.clone().oneshot(listen("/poll/42").body(Empty::new())?).await?.status(), 401);
/// # let with_session = |path| listen(path).header("cookie", "session=s3cret").body(Empty::new());
/// # assert_eq!(service.clone().oneshot(with_session("/poll/42")?).await?.status(), 403);
/// # assert_eq!(service.oneshot(with_session("/poll/room:42")?).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventService(Protocol);

impl EventService {
    /// The service of `gateway`.
    pub fn new(gateway: Gateway) -> Self {
        Self(Protocol::new(gateway))
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
    /// and for OPTIONS too where pages of other origins may listen.
    ///
    /// ```
    /// use http::{Request, Response, StatusCode};
    /// use http_body_util::{Either, Empty};
    /// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token};
    /// use sse_hyper::{EventService, ResponseBody};
    ///
    /// type Body = Either<ResponseBody, Empty<bytes::Bytes>>;
    ///
    /// async fn mine<B>(events: EventService, request: Request<B>) -> Response<Body> {
    ///     let (parts, _body) = request.into_parts();
    ///     if parts.headers.get("cookie").is_none_or(|cookie| cookie != "session=s3cret") {
    ///         let mut refused = Response::new(Either::Right(Empty::new()));
    ///         *refused.status_mut() = StatusCode::UNAUTHORIZED;
    ///         return refused;
    ///     }
    ///     let alice = Token::new("alice").expect("it is a token");
    ///     ResponseBody::convert(events.respond(&alice, &parts).await, Either::Left)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let events = EventService::new(gateway);
    /// # let mine = |cookie| {
    /// #     let request = Request::get("/mine").header("host", "localhost").header("cookie", cookie);
    /// #     mine(events.clone(), request.body(()).unwrap())
    /// # };
    /// # assert_eq!(mine("theme=dark").await.status(), 401);
    /// # assert_eq!(mine("session=s3cret").await.headers()["content-type"], "text/event-stream");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn respond(&self, token: &Token, parts: &Parts) -> Response<ResponseBody> {
        self.0.respond(token, parts).await
    }
}

impl<B> Service<Request<B>> for EventService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display + Send,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut exchange = self.0.exchange(request);
        // A block of `async` would hold the exchange twice.
        Box::pin(poll_fn(move |cx| {
            let answer = ready!(Pin::new(&mut exchange).poll(cx));
            if let Some(rest) = answer.rest {
                tokio::spawn(rest.drain());
            }
            Poll::Ready(Ok(answer.response))
        }))
    }
}
