use http::request::Parts;
use sse_core::{Gateway, Token};
use sse_tokio::{Channels, Protocol};
use warp::reply;

use crate::reply::protocol;

/// The protocol of a [`Gateway`] for routes of your own, beside its [`routes`](crate::routes) or without
/// them.
///
/// ```
/// use http::request::Parts;
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token,
///     access::{Grant, Permissions},
/// };
/// use sse_warp::EventService;
/// use warp::{Filter, Reply, http::StatusCode, reply::Response};
///
/// async fn mine(events: EventService, session: Option<String>, mut parts: Parts) -> Response {
///     if session.is_none_or(|session| session != "s3cret") {
///         return StatusCode::UNAUTHORIZED.into_response();
///     }
///     // The stream ends when this is revoked.
///     parts.extensions.insert(Grant::new(Permissions::none()).with_subject("alice"));
///     events.respond(&Token::new("alice").expect("it is a token"), &parts).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let events = EventService::new(gateway);
/// let route = warp::path!("mine")
///     .and(warp::cookie::optional("session"))
///     .and(sse_warp::parts())
///     .then(move |session, parts| mine(events.clone(), session, parts));
/// # use tower_service::Service;
/// # let mut app = warp::service(route);
/// # let mut ask = async |cookie| {
/// #     let request = http::Request::get("/mine").header("host", "h").header("cookie", cookie);
/// #     app.call(request.body(String::new()).unwrap()).await.unwrap()
/// # };
/// # assert_eq!(ask("theme=dark").await.status(), 401);
/// # let listening = ask("session=s3cret").await;
/// # assert_eq!(listening.headers()["content-type"], "text/event-stream");
/// # assert_eq!(ask("session=s3cret").await.status(), 423);
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

    /// Answers a request whose [`parts`](crate::parts()) these are with the channel `token`: all that the
    /// protocol does on the path that listens. That is the place to start from, a refusal as each client can
    /// read it, CORS, the headers `Sse-*`, HEAD, and looking again at a token that is taken; see
    /// [`Gateway::listen`].
    ///
    /// The route decides beforehand who may listen, and on which channel. If it puts a
    /// [`Grant`](sse_core::access::Grant) into the extensions of `parts`, the stream ends when that ends or is
    /// revoked. Call it for GET and HEAD,
    /// and for OPTIONS too where pages of other origins may listen: [`warp::get`] lets only GET pass.
    pub async fn respond(&self, token: &Token, parts: &Parts) -> reply::Response {
        protocol(self.0.respond(token, parts).await)
    }
}
