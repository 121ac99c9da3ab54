use bytes::Bytes;
use http::{Method, Response, request::Parts};

use super::{
    Cors, Gateway, cors::Origin, page, policy::Policy, refusal::Refusal, route::Route, site,
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
        self.judge(parts, |host, policy| match parts.method {
            Method::GET | Method::HEAD => self.ask_get(parts, host, policy),
            Method::POST => self.ask_post(parts, host, policy),
            Method::OPTIONS => match policy.preflight(&parts.headers, super::PREFLIGHT_METHODS) {
                Some(response) => Ok(Asked::Respond(response)),
                None => self.refuse_method(parts),
            },
            _ => self.refuse_method(parts),
        })
    }

    /// What a request asks for in a route of your own, which listens on the channel `token`.
    pub(super) fn ask_listen(&self, token: &Token, parts: &Parts) -> Asked {
        let refused = Refusal::Method { allow: super::LISTEN_METHODS };
        self.judge(parts, |host, policy| match parts.method {
            Method::GET | Method::HEAD => {
                self.ask_listener(token.clone(), parts, host, policy, true)
            }
            Method::OPTIONS => {
                let answer = policy.preflight(&parts.headers, super::PREFLIGHT_LISTEN_METHODS);
                answer.map(Asked::Respond).ok_or(refused)
            }
            _ => Err(refused),
        })
    }

    /// What `decide` says for the host of the request; an answer gets the headers that every answer has.
    fn judge(
        &self,
        parts: &Parts,
        decide: impl FnOnce(Option<&Authority<'_>>, &Policy) -> Result<Asked, Refusal>,
    ) -> Asked {
        let policy = Policy::new(self.config.cors.as_ref(), &parts.headers);
        match self.host(parts).and_then(|host| decide(host.as_ref(), &policy)) {
            Ok(Asked::Respond(response)) => Asked::Respond(policy.apply(response)),
            Ok(asked) => asked,
            Err(refusal) => Asked::Respond(policy.apply(refusal.into_response(&self.hub))),
        }
    }

    fn ask_get(
        &self,
        parts: &Parts,
        host: Option<&Authority<'_>>,
        policy: &Policy,
    ) -> Result<Asked, Refusal> {
        let listen = self.hub.config().actions().listen();
        match self.route(parts)? {
            Route::Root => Ok(Asked::Respond(page::response(&self.hub, &self.config))),
            Route::Channel { action, token } if action == listen => {
                self.ask_listener(token, parts, host, policy, false)
            }
            Route::Channel { .. } => Ok(Asked::Respond(self.to_root())),
        }
    }

    fn ask_listener(
        &self,
        token: Token,
        parts: &Parts,
        host: Option<&Authority<'_>>,
        policy: &Policy,
        is_permitted: bool,
    ) -> Result<Asked, Refusal> {
        let is_own_page = self.check_site(parts, host)?;
        let (operation, policy) = (Operation::Listen, policy.clone());
        Ok(Asked::Channel(ChannelRequest { token, operation, policy, is_own_page, is_permitted }))
    }

    fn ask_post(
        &self,
        parts: &Parts,
        host: Option<&Authority<'_>>,
        policy: &Policy,
    ) -> Result<Asked, Refusal> {
        let is_own_page = self.check_site(parts, host)?;
        let Route::Channel { action: name, token } = self.route(parts)? else {
            return Err(Refusal::Method { allow: super::ROOT_METHODS });
        };
        let operation = if name == TICKET {
            Operation::Ticket
        } else {
            let action = self.hub.config().actions().action(&name).unwrap_or(Action::Event);
            Operation::Publish { name, action }
        };
        let (policy, is_permitted) = (policy.clone(), false);
        Ok(Asked::Channel(ChannelRequest { token, operation, policy, is_own_page, is_permitted }))
    }

    /// Whether the request comes from an origin that is listed and may send credentials.
    fn trusts_origin(&self, parts: &Parts) -> bool {
        self.config.cors.as_ref().is_some_and(|cors| {
            cors.has_credentials() && matches!(cors.judge(&parts.headers), Origin::Listed(_))
        })
    }

    /// Refuses what pages of other sites make a browser send, unless their origin is allowed. Otherwise says
    /// whether cookies and passwords count.
    fn check_site(&self, parts: &Parts, host: Option<&Authority<'_>>) -> Result<bool, Refusal> {
        if !site::is_other(parts, host) {
            return Ok(true);
        }
        let allows = |cors: &Cors| cors.allows(&parts.headers);
        if self.config.takes_other_sites || self.config.cors.as_ref().is_some_and(allows) {
            return Ok(self.trusts_origin(parts));
        }
        Err(Refusal::OtherSite)
    }

    fn refuse_method(&self, parts: &Parts) -> Result<Asked, Refusal> {
        let is_channel = matches!(self.route(parts), Ok(Route::Channel { .. }));
        let allow = if is_channel { super::CHANNEL_METHODS } else { super::ROOT_METHODS };
        Err(Refusal::Method { allow })
    }
}
