//! The HTTP face of a hub: heads of requests in, answers out.

mod config;
pub use config::{GatewayConfig, GatewayError};

mod ask;
pub use ask::{Asked, ChannelRequest};

mod admission;
pub use admission::{Admission, Admitted};

mod cors;
pub use cors::{Cors, CorsError};

mod host;
pub use host::{Hosts, HostsError};

mod foreign;
pub use foreign::refuse_foreign;

mod permit;
pub use permit::{Permit, Posting, Publication};

mod remote_addr;
pub use remote_addr::RemoteAddr;

mod refusal_reason;
pub use refusal_reason::RefusalReason;

mod body_type;
mod browser;
mod decide;
mod header_text;
mod page;
mod policy;
mod refusal;
mod revoke;
mod route;
mod site;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts};

use crate::{
    Hub, Token,
    access::Grant,
    hub::{Bodies, Current},
    request::{Authority, RequestHead},
};
use refusal::Refusal;
use route::Route;

/// The HTTP face of a [`Hub`], without HTTP machinery.
///
/// A driver hands in the head of each request and does what it is told: answer, drive an
/// [`Admission`] until it says how a listener is answered, or feed the body to a [`Permit`]. All
/// that is particular to the protocol is decided here.
///
/// ```
/// use std::time::Instant;
/// use http::{Request, StatusCode};
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, gateway::Handled};
///
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let request = Request::post("/ping/42").header("host", "localhost").body(())?;
/// let (parts, ()) = request.into_parts();
/// let Handled::Respond(response) = gateway.handle(&parts, Instant::now()) else {
///     panic!("nobody listens");
/// };
/// assert_eq!(response.status(), StatusCode::NOT_FOUND);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gateway {
    hub: Arc<Hub>,
    prefix: Arc<str>,
    config: Arc<Current<GatewayConfig>>,
    bodies: Arc<Bodies>,
}

impl Gateway {
    /// A gateway to `hub`.
    pub fn new(hub: Arc<Hub>, config: GatewayConfig) -> Self {
        let bodies = Arc::default();
        let prefix = config.prefix.as_str().into();
        Self { hub, prefix, config: Arc::new(Current::new(config)), bodies }
    }

    /// Serves with `config` from now on, in all clones of this gateway. Only the prefix stays as it was, since it is
    /// where the gateway is mounted.
    ///
    /// Each request is served with one configuration from its beginning to its end: those that
    /// [`Self::ask`] has looked at already keep the old one. Streams go on, whatever `config` says of those who
    /// listen; [`Self::revoke`] ends them.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use http::{Request, StatusCode};
    /// use sse_core::{
    ///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    ///     access::{Access, Denied, from_fn},
    ///     gateway::{Asked, Handled},
    /// };
    ///
    /// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let (parts, ()) = Request::get("/poll/42").header("host", "localhost").body(())?.into_parts();
    /// let Asked::Channel(earlier) = gateway.ask(&parts) else { panic!("the path listens") };
    /// assert!(!earlier.has_authenticator());
    ///
    /// let nobody = Access::new(from_fn(|_| Err(Denied::Unauthorized)));
    /// gateway.reconfigure(GatewayConfig::default().with_access(nobody));
    ///
    /// let Asked::Channel(later) = gateway.ask(&parts) else { panic!("the path listens") };
    /// assert!(later.has_authenticator() && !earlier.has_authenticator());
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn reconfigure(&self, config: GatewayConfig) {
        self.config.replace(|old| config.mounted_as(old));
    }

    /// The hub behind the gateway.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Whether there is an authenticator now, so that [`Self::authenticate`] may take time; of a request that was
    /// looked at, [`ChannelRequest::has_authenticator`] says it.
    pub fn has_authenticator(&self) -> bool {
        self.config.get().access.is_some()
    }

    /// The path before the two segments of every route; empty for none.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is to be done with the request that begins with `parts`, without asking an authenticator. It may do
    /// what a [`Grant`] in the extensions of `parts` permits, or without one what everybody
    /// may do.
    ///
    /// This is [`Self::ask`] and [`Self::decide`] in one, for a gateway without
    /// [`GatewayConfig::with_access`]. The path is taken as it came, neither decoded nor stripped of a prefix.
    pub fn handle(&self, parts: &Parts, now: Instant) -> Handled {
        self.decide_for_anybody(self.ask(parts), parts, now)
    }

    /// Answers the request that begins with `parts` in a route of your own, which listens on the channel `token`.
    /// It does all that [`Self::handle`] does for a path that listens, whatever the path is here.
    ///
    /// The route decides beforehand who may listen, and on which channel, so no authenticator is asked. If the
    /// extensions of `parts` hold a [`Grant`], the stream ends when that ends or is revoked.
    /// Nothing is published, so this never returns [`Handled::Publish`].
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use http::Request;
    /// use sse_core::{
    ///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, gateway::Handled,
    /// };
    ///
    /// # let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let request = Request::get("/mine?since=earliest").header("host", "localhost").body(())?;
    /// let (parts, ()) = request.into_parts();
    /// let Handled::Listen(admission) = gateway.listen(&Token::new("alice")?, &parts, Instant::now()) else {
    ///     panic!("it is a GET");
    /// };
    /// # drop(admission);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listen(&self, token: &Token, parts: &Parts, now: Instant) -> Handled {
        self.decide_for_anybody(self.ask_listen(token, parts), parts, now)
    }

    fn decide_for_anybody(&self, asked: Asked, parts: &Parts, now: Instant) -> Handled {
        match asked {
            Asked::Respond(response) => Handled::Respond(response),
            Asked::Channel(asked) => {
                let grant = parts.extensions.get::<Grant>().cloned();
                self.decide(asked, parts, Ok(grant), now)
            }
        }
    }

    /// The action and the channel that the request names, decoded, if it names one.
    pub fn channel(&self, parts: &Parts) -> Option<(String, Token)> {
        match self.route(parts) {
            Ok(Route::Channel { action, token }) => Some((action, token)),
            _ => None,
        }
    }

    fn route(&self, parts: &Parts) -> Result<Route, Refusal> {
        Ok(Route::parse(parts.uri.path(), &self.prefix)?)
    }
}

impl GatewayConfig {
    /// The host that the request is for, if it may be asked under that one.
    fn host<'a>(&self, parts: &'a Parts) -> Result<Option<Authority<'a>>, Refusal> {
        let host = RequestHead::from(parts).authority()?;
        match (&self.hosts, &host) {
            (Some(hosts), Some(host)) if !hosts.allow(host) => {
                Err(Refusal::ForeignHost { host: host.to_string() })
            }
            _ => Ok(host),
        }
    }

    fn to_root(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, self.root.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// What a driver is to do with a request.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Handled {
    /// Send this.
    Respond(Response<Bytes>),
    /// Drive this until it says how the listener is answered.
    Listen(Admission),
    /// Feed the request's body to this.
    Publish(Permit),
}

const ROOT_METHODS: &str = "GET, HEAD";
const LISTEN_METHODS: &str = "GET, HEAD";
const CHANNEL_METHODS: &str = "GET, HEAD, POST";

/// Those that a page of another origin may use; HEAD it may use anyway.
const PREFLIGHT_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const PREFLIGHT_LISTEN_METHODS: HeaderValue = HeaderValue::from_static("GET");
