//! The HTTP face of a hub: heads of requests in, answers out.

mod config;
pub use config::{GatewayConfig, GatewayError};

mod admission;
use admission::Listen;
pub use admission::{Admission, Admitted};

mod cors;
pub use cors::{Cors, CorsError};

mod host;
pub use host::{Hosts, HostsError};

mod permit;
use permit::{Asked, Bounds};
pub use permit::{Permit, Publication};

mod remote_addr;
pub use remote_addr::RemoteAddr;

mod body_type;
mod browser;
mod header_text;
mod page;
mod policy;
mod refusal;
mod route;
mod site;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version, header, request::Parts};

use crate::{
    Hub, Token,
    channel::IdempotencyKey,
    history::{Since, Start},
    hub::{Bodies, HubLimit},
    request::{Authority, RequestHead},
    response::LastEventId,
};
use policy::Policy;
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
    config: Arc<GatewayConfig>,
    bodies: Arc<Bodies>,
}

impl Gateway {
    /// A gateway to `hub`.
    pub fn new(hub: Arc<Hub>, config: GatewayConfig) -> Self {
        let longest = usize::try_from(config.max_body).unwrap_or(usize::MAX);
        let bodies = Arc::new(Bodies::new(config.max_bodies, longest));
        Self { hub, config: Arc::new(config), bodies }
    }

    /// The hub behind the gateway.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The path before the two segments of every route; empty for none.
    pub fn prefix(&self) -> &str {
        &self.config.prefix
    }

    /// What the request that begins with `parts` asks for.
    ///
    /// The path is taken as it came, neither decoded nor stripped of a prefix.
    pub fn handle(&self, parts: &Parts, now: Instant) -> Handled {
        self.judge(parts, |host, policy| match parts.method {
            Method::GET | Method::HEAD => self.get(parts, host, policy),
            Method::POST => self.post(parts, host, policy, now),
            Method::OPTIONS => match policy.preflight(&parts.headers, PREFLIGHT_METHODS) {
                Some(response) => Ok(Handled::Respond(response)),
                None => self.refuse_method(parts),
            },
            _ => self.refuse_method(parts),
        })
    }

    /// What the request that begins with `parts` is answered in a route of one's own, which listens on the
    /// channel `token`: all that [`Self::handle`] does for a path that listens, whatever the path is here.
    ///
    /// Whether somebody may listen, and on which channel, the route has decided before. Nothing is published
    /// by it, so what is returned is never [`Handled::Publish`].
    ///
    /// ```
    /// use http::Request;
    /// use sse_core::{
    ///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, gateway::Handled,
    /// };
    ///
    /// # let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let request = Request::get("/mine?since=earliest").header("host", "localhost").body(())?;
    /// let (parts, ()) = request.into_parts();
    /// let Handled::Listen(admission) = gateway.listen(&Token::new("alice")?, &parts) else {
    ///     panic!("it is a GET");
    /// };
    /// # drop(admission);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listen(&self, token: &Token, parts: &Parts) -> Handled {
        self.judge(parts, |host, policy| match parts.method {
            Method::GET | Method::HEAD => self.admit(token.clone(), parts, host, policy),
            Method::OPTIONS => {
                let answer = policy.preflight(&parts.headers, PREFLIGHT_LISTEN_METHODS);
                answer.map(Handled::Respond).ok_or(Refusal::Method { allow: LISTEN_METHODS })
            }
            _ => Err(Refusal::Method { allow: LISTEN_METHODS }),
        })
    }

    /// What `decide` says, for the host that is asked for, with the headers that every answer has.
    fn judge(
        &self,
        parts: &Parts,
        decide: impl FnOnce(Option<&Authority>, &Policy) -> Result<Handled, Refusal>,
    ) -> Handled {
        let policy = Policy::new(self.config.cors.as_ref(), &parts.headers);
        match self.host(parts).and_then(|host| decide(host.as_ref(), &policy)) {
            Ok(Handled::Respond(response)) => Handled::Respond(policy.apply(response)),
            Ok(handled) => handled,
            Err(refusal) => Handled::Respond(policy.apply(refusal.into_response())),
        }
    }

    /// The action and the channel that the request names, decoded, if it names one.
    pub fn channel(&self, parts: &Parts) -> Option<(String, Token)> {
        match self.route(parts) {
            Ok(Route::Channel { action, token }) => Some((action, token)),
            _ => None,
        }
    }

    /// The host that the request is for, if it may be asked under that one.
    fn host(&self, parts: &Parts) -> Result<Option<Authority>, Refusal> {
        let host = RequestHead::from(parts).authority()?;
        match (&self.config.hosts, &host) {
            (Some(hosts), Some(host)) if !hosts.allow(host) => {
                Err(Refusal::ForeignHost { host: host.to_string() })
            }
            _ => Ok(host),
        }
    }

    /// Refuses what pages of other sites make a browser send, unless their origin is allowed.
    fn check_site(&self, parts: &Parts, host: Option<&Authority>) -> Result<(), Refusal> {
        let allows = |cors: &Cors| cors.allows(&parts.headers);
        let is_allowed =
            self.config.takes_other_sites || self.config.cors.as_ref().is_some_and(allows);
        if is_allowed || !site::is_other(parts, host) { Ok(()) } else { Err(Refusal::OtherSite) }
    }

    fn get(
        &self,
        parts: &Parts,
        host: Option<&Authority>,
        policy: &Policy,
    ) -> Result<Handled, Refusal> {
        let listen = self.hub.config().actions().listen();
        match self.route(parts)? {
            Route::Root => Ok(Handled::Respond(page::response(&self.hub, &self.config))),
            Route::Channel { action, token } if action == listen => {
                self.admit(token, parts, host, policy)
            }
            Route::Channel { .. } => Ok(Handled::Respond(self.to_root())),
        }
    }

    /// Lets a GET or a HEAD listen on the channel `token`, if no page of another site sent it.
    fn admit(
        &self,
        token: Token,
        parts: &Parts,
        host: Option<&Authority>,
        policy: &Policy,
    ) -> Result<Handled, Refusal> {
        self.check_site(parts, host)?;
        let asked = Listen {
            token,
            start: self.start(parts)?,
            is_head: parts.method == Method::HEAD,
            ends_connection: parts.version <= Version::HTTP_10,
            is_event_source: browser::is_event_source(parts),
        };
        let (hub, policy) = (self.hub.clone(), policy.clone());
        Ok(Handled::Listen(Admission::new(hub, asked, policy)))
    }

    fn post(
        &self,
        parts: &Parts,
        host: Option<&Authority>,
        policy: &Policy,
        now: Instant,
    ) -> Result<Handled, Refusal> {
        self.check_site(parts, host)?;
        let Route::Channel { action, token } = self.route(parts)? else {
            return Err(Refusal::Method { allow: ROOT_METHODS });
        };
        self.hub.check_publish(&token, &action, now)?;
        body_type::check(&parts.headers)?;
        let limit = self.config.max_body;
        if content_length(&parts.headers).is_some_and(|len| limit < len) {
            self.hub.count_refused(HubLimit::BodyBytes);
            return Err(Refusal::TooLarge);
        }
        let key = self.idempotency_key(parts)?;
        let until = now + self.config.body_timeout;
        let takes_batches = self.hub.config().format().takes_batches();
        let is_batch = takes_batches && body_type::is_batch(&parts.headers);
        let asked = Asked { token, action, key, is_batch };
        let part = self.bodies.begin(parts.extensions.get().copied());
        let (hub, policy) = (self.hub.clone(), policy.clone());
        Ok(Handled::Publish(Permit::new(hub, asked, Bounds { limit, until, part }, policy)))
    }

    /// Where a listener wants to begin; without history it is not even looked at.
    fn start(&self, parts: &Parts) -> Result<Start, Refusal> {
        if self.hub.config().history().is_none() {
            return Ok(Start::default());
        }
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let since = query.filter(|(name, since)| name == "since" && !since.is_empty());
        let since = since.map(|(_, since)| since.parse());
        let since = since.last().unwrap_or_else(|| Ok(Since::default())).map_err(Refusal::Since)?;
        Ok(Start::from(LastEventId::from(parts)).with_since(since))
    }

    /// The key of a publication; without history it is not even looked at.
    fn idempotency_key(&self, parts: &Parts) -> Result<Option<IdempotencyKey>, Refusal> {
        let mut keys = parts.headers.get_all("idempotency-key").iter();
        let key = keys.next().filter(|_| self.hub.config().history().is_some());
        match (key, keys.next()) {
            (Some(_), Some(_)) => Err(Refusal::Keys),
            (Some(key), None) => key.as_bytes().try_into().map(Some).map_err(Refusal::Key),
            (None, _) => Ok(None),
        }
    }

    fn refuse_method(&self, parts: &Parts) -> Result<Handled, Refusal> {
        let is_channel = matches!(self.route(parts), Ok(Route::Channel { .. }));
        let allow = if is_channel { CHANNEL_METHODS } else { ROOT_METHODS };
        Err(Refusal::Method { allow })
    }

    fn route(&self, parts: &Parts) -> Result<Route, Refusal> {
        Ok(Route::parse(parts.uri.path(), &self.config.prefix)?)
    }

    fn to_root(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, self.config.root.clone());
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

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

const ROOT_METHODS: &str = "GET, HEAD";
const LISTEN_METHODS: &str = "GET, HEAD";
const CHANNEL_METHODS: &str = "GET, HEAD, POST";

/// Those that a page of another origin may use; HEAD it may use anyway.
const PREFLIGHT_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const PREFLIGHT_LISTEN_METHODS: HeaderValue = HeaderValue::from_static("GET");
