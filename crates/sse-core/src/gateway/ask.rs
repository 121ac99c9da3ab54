use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, request::Parts};

use super::{
    Cors, Gateway, GatewayConfig, cors::Origin, page, policy::Policy, refusal::Refusal,
    route::Route, site,
};
use crate::{
    Token,
    access::Operation,
    action::{Action, TICKET},
    request::Authority,
};

/// What the head of a request asks for, before its sender is known and before a channel is looked at.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Asked {
    /// Nothing that needs permission: send this.
    Respond(Response<Bytes>),
    /// An operation on a channel: [authenticate](Gateway::authenticate) it, then [decide](Gateway::decide).
    Channel(ChannelRequest),
}

/// A request for an operation on a channel, of which only the head is known yet.
///
/// ```
/// # use std::time::Instant;
/// # use http::Request;
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     access::Operation,
///     gateway::{Asked, Handled},
/// };
///
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// # let gateway = Gateway::new(hub, GatewayConfig::default());
/// let request = Request::get("/poll/42").header("host", "localhost").body(())?;
/// let (parts, ()) = request.into_parts();
/// let Asked::Channel(asked) = gateway.ask(&parts) else {
///     panic!("the path listens");
/// };
/// assert_eq!((asked.operation(), asked.token().as_str()), (&Operation::Listen, "42"));
///
/// // With an authenticator that takes time, this is awaited.
/// let outcome = gateway.authenticate(&asked, &parts).into_ready().expect("there is no authenticator");
/// let Handled::Listen(admission) = gateway.decide(asked, &parts, outcome, now) else {
///     panic!("everybody may listen");
/// };
/// # drop(admission);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug)]
pub struct ChannelRequest {
    pub(super) token: Token,
    pub(super) operation: Operation,
    pub(super) policy: Policy,
    /// Whether cookies and passwords count: a page of this server sent it, or of a trusted origin, or a program.
    pub(super) is_own_page: bool,
    /// Whether the route has decided that it is permitted.
    pub(super) is_permitted: bool,
    /// With which it is served, whatever comes meanwhile.
    pub(super) config: Arc<GatewayConfig>,
}

impl ChannelRequest {
    /// The channel.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// What is to be done with it.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Whether there is an authenticator for it, so that [`Gateway::authenticate`] may take time.
    pub fn has_authenticator(&self) -> bool {
        self.config.access.is_some()
    }

    /// The action that the request names.
    pub fn action<'a>(&'a self, gateway: &'a Gateway) -> &'a str {
        match &self.operation {
            Operation::Listen => gateway.hub.config().actions().listen(),
            Operation::Publish { name, .. } => name,
            Operation::Ticket => TICKET,
        }
    }
}

/// What is asked for.
impl Gateway {
    /// What the request that begins with `parts` asks for.
    ///
    /// The path is taken as it came, neither decoded nor stripped of a prefix.
    pub fn ask(&self, parts: &Parts) -> Asked {
        self.judge(parts, |head| match parts.method {
            Method::GET | Method::HEAD => self.ask_get(head),
            Method::POST => self.ask_post(head),
            Method::OPTIONS => {
                match head.policy.preflight(&parts.headers, super::PREFLIGHT_METHODS) {
                    Some(response) => Ok(Asked::Respond(response)),
                    None => self.refuse_method(parts),
                }
            }
            _ => self.refuse_method(parts),
        })
    }

    /// What a request asks for in a route of your own, which listens on the channel `token`.
    pub(super) fn ask_listen(&self, token: &Token, parts: &Parts) -> Asked {
        let refused = Refusal::Method { allow: super::LISTEN_METHODS };
        self.judge(parts, |head| match parts.method {
            Method::GET | Method::HEAD => {
                let is_own_page = head.check_site()?;
                Ok(head.channel(token.clone(), Operation::Listen, is_own_page, true))
            }
            Method::OPTIONS => {
                let methods = super::PREFLIGHT_LISTEN_METHODS;
                let answer = head.policy.preflight(&parts.headers, methods);
                answer.map(Asked::Respond).ok_or(refused)
            }
            _ => Err(refused),
        })
    }

    /// What `decide` says for the host of the request; an answer gets the headers that every answer has.
    fn judge(
        &self,
        parts: &Parts,
        decide: impl FnOnce(&Head<'_>) -> Result<Asked, Refusal>,
    ) -> Asked {
        let config = self.config.get();
        let policy = Policy::new(config.cors.as_ref(), &parts.headers);
        let refuse = |policy: &Policy, refusal: Refusal| {
            Asked::Respond(policy.apply(refusal.into_response(&self.hub)))
        };
        let head = match config.host(parts) {
            Ok(host) => Head { parts, host, policy, config },
            Err(refusal) => return refuse(&policy, refusal),
        };
        match decide(&head) {
            Ok(Asked::Respond(response)) => Asked::Respond(head.policy.apply(response)),
            Ok(asked) => asked,
            Err(refusal) => refuse(&head.policy, refusal),
        }
    }

    fn ask_get(&self, head: &Head<'_>) -> Result<Asked, Refusal> {
        let listen = self.hub.config().actions().listen();
        match self.route(head.parts)? {
            Route::Root => Ok(Asked::Respond(page::response(&self.hub, &head.config))),
            Route::Channel { action, token } if action == listen => {
                let is_own_page = head.check_site()?;
                Ok(head.channel(token, Operation::Listen, is_own_page, false))
            }
            Route::Channel { .. } => Ok(Asked::Respond(head.config.to_root())),
        }
    }

    fn ask_post(&self, head: &Head<'_>) -> Result<Asked, Refusal> {
        let is_own_page = head.check_site()?;
        let Route::Channel { action: name, token } = self.route(head.parts)? else {
            return Err(Refusal::Method { allow: super::ROOT_METHODS });
        };
        let operation = if name == TICKET {
            Operation::Ticket
        } else {
            let action = self.hub.config().actions().action(&name).unwrap_or(Action::Event);
            Operation::Publish { name, action }
        };
        Ok(head.channel(token, operation, is_own_page, false))
    }

    fn refuse_method(&self, parts: &Parts) -> Result<Asked, Refusal> {
        let is_channel = matches!(self.route(parts), Ok(Route::Channel { .. }));
        let allow = if is_channel { super::CHANNEL_METHODS } else { super::ROOT_METHODS };
        Err(Refusal::Method { allow })
    }
}

/// A request that may be asked under its host, and the configuration that it is served with.
struct Head<'a> {
    parts: &'a Parts,
    host: Option<Authority<'a>>,
    policy: Policy,
    config: Arc<GatewayConfig>,
}

impl Head<'_> {
    fn channel(
        &self,
        token: Token,
        operation: Operation,
        is_own_page: bool,
        is_permitted: bool,
    ) -> Asked {
        let (policy, config) = (self.policy.clone(), self.config.clone());
        Asked::Channel(ChannelRequest {
            token,
            operation,
            policy,
            is_own_page,
            is_permitted,
            config,
        })
    }

    /// Refuses what pages of other sites make a browser send, unless their origin is allowed. Otherwise says
    /// whether cookies and passwords count.
    fn check_site(&self) -> Result<bool, Refusal> {
        if !site::is_other(self.parts, self.host.as_ref()) {
            return Ok(true);
        }
        let allows = |cors: &Cors| cors.allows(&self.parts.headers);
        if self.config.takes_other_sites || self.config.cors.as_ref().is_some_and(allows) {
            return Ok(self.trusts_origin());
        }
        Err(Refusal::OtherSite)
    }

    /// Whether the request comes from an origin that is listed and may send credentials.
    fn trusts_origin(&self) -> bool {
        self.config.cors.as_ref().is_some_and(|cors| {
            cors.has_credentials() && matches!(cors.judge(&self.parts.headers), Origin::Listed(_))
        })
    }
}
