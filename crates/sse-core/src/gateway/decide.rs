use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Version, header, request::Parts};

use super::{
    Admission, ChannelRequest, Gateway, GatewayConfig, Handled, Permit,
    admission::Listen,
    body_type, browser,
    permit::{Bounds, Publish},
    policy::Policy,
    refusal::{Challenge, Refusal},
};
use crate::{
    Token,
    access::{
        AccessRequest, Ambiguous, Credential, Denied, Grant, GrantRefusal, Operation, Outcome,
        Seat, Ticket, Verdict,
    },
    channel::IdempotencyKey,
    history::{Since, Start},
    hub::{HubLimit, PublishError},
    response::LastEventId,
};

/// Who sends a request, and whether it is permitted.
impl Gateway {
    /// Finds out who sends the request and what they may do. Await the verdict and hand its outcome to
    /// [`Self::decide`].
    ///
    /// If the extensions of `parts` hold a [`Grant`], which middleware has put there, it is the outcome. Otherwise the
    /// authenticator of [`GatewayConfig::with_access`](crate::GatewayConfig::with_access) is asked, if there is one.
    ///
    /// ```
    /// # use std::{collections::HashMap, task::{Context, Waker}, time::Instant};
    /// use http::{Request, request::Parts};
    /// use sse_core::{
    ///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    ///     access::{Access, Credential, Denied, Grant, Permissions, from_async_fn},
    ///     gateway::{Admitted, Asked, Handled},
    /// };
    ///
    /// /// What a transport of your own does with the head of each request.
    /// async fn handle(gateway: &Gateway, parts: &Parts) -> Handled {
    ///     let asked = match gateway.ask(parts) {
    ///         Asked::Channel(asked) => asked,
    ///         Asked::Respond(response) => return Handled::Respond(response),
    ///         other => panic!("{other:?} is not known to this version"),
    ///     };
    ///     let outcome = gateway.authenticate(&asked, parts).await;
    ///     // The time of the decision, since authenticating may have taken a while.
    ///     gateway.decide(asked, parts, outcome, Instant::now())
    /// }
    ///
    /// # let sessions = HashMap::from([("s3cret".to_owned(), Grant::new(Permissions::all()))]);
    /// let sessions = from_async_fn(move |request| {
    ///     let found = match request.credential() {
    ///         Some(Credential::Cookie(id)) => sessions.get(*id).cloned(),
    ///         _ => None,
    ///     };
    ///     // Here a database would be asked.
    ///     async move { found.map(Some).ok_or(Denied::Unauthorized) }
    /// });
    /// let access = Access::new(sessions).with_cookie("session")?;
    /// # let hub = Hub::new(HubConfig::new(StringFormat));
    /// let gateway = Gateway::new(hub, GatewayConfig::default().with_access(access));
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let request = Request::get("/poll/42").header("host", "localhost");
    /// let (parts, ()) = request.header("cookie", "session=s3cret").body(())?.into_parts();
    /// let Handled::Listen(mut admission) = handle(&gateway, &parts).await else {
    ///     panic!("the path listens");
    /// };
    /// let admitted = admission.poll_response(&mut Context::from_waker(Waker::noop()), Instant::now());
    /// assert!(matches!(admitted, Admitted::Stream(_)), "the session may listen");
    /// # Ok::<(), http::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn authenticate<'a>(&'a self, asked: &'a ChannelRequest, parts: &'a Parts) -> Verdict<'a> {
        if let Some(grant) = parts.extensions.get::<Grant>() {
            return Verdict::ready(Ok(Some(grant.clone())));
        }
        let Some(access) = asked.config.access.as_ref().filter(|_| !asked.is_permitted) else {
            return Verdict::ready(Ok(None));
        };
        match self.credential(asked, parts) {
            Ok(credential) => access.authenticator.authenticate(&AccessRequest::new(
                parts,
                &asked.token,
                &asked.operation,
                credential,
            )),
            Err(_ambiguous) => Verdict::ready(Err(Denied::Unauthorized)),
        }
    }

    /// What is to be done with a request whose sender `outcome` says; [`Self::authenticate`] has an example of all
    /// three steps.
    ///
    /// The request may do what the grant of `outcome` permits and what everybody may do. A grant that has ended or
    /// was revoked is refused. A refusal says nothing about the channel, which is looked at afterwards.
    pub fn decide(
        &self,
        asked: ChannelRequest,
        parts: &Parts,
        outcome: Outcome,
        now: Instant,
    ) -> Handled {
        let permitted = self.permit(&asked, parts, outcome, now).and_then(|grant| {
            let seat = self.admit(&asked, parts, grant.as_ref(), now)?;
            Ok((grant, seat))
        });
        let policy = asked.policy.clone();
        let ChannelRequest { token, operation, config, .. } = asked;
        let decided = permitted.and_then(|(grant, seat)| match operation {
            Operation::Listen => {
                let asked = self.listener(token, parts, grant)?;
                Ok(Handled::Listen(Admission::new(self.hub.clone(), asked, seat, policy.clone())))
            }
            Operation::Ticket => {
                let ticket = self.issue_ticket(&config, &token, grant, now)?;
                Ok(Handled::Respond(policy.apply(ticket_response(&ticket))))
            }
            Operation::Publish { name, .. } => {
                let asked = Publish { token, action: name, grant, key: None, is_batch: false };
                self.publish(&config, asked, parts, &policy, now).map(Handled::Publish)
            }
        });
        decided.unwrap_or_else(|refusal| self.refuse(refusal, parts, policy))
    }

    /// Answers with a refusal. A listener is answered by its [`Admission`], in the form that its client can read.
    fn refuse(&self, refusal: Refusal, parts: &Parts, policy: Policy) -> Handled {
        if matches!(parts.method, Method::GET | Method::HEAD) {
            let is_event_source = browser::is_event_source(parts);
            let hub = self.hub.clone();
            return Handled::Listen(Admission::refused(hub, refusal, is_event_source, policy));
        }
        Handled::Respond(policy.apply(refusal.into_response(&self.hub)))
    }

    /// The credential that counts, if the request has one.
    fn credential<'a>(
        &self,
        asked: &ChannelRequest,
        parts: &'a Parts,
    ) -> Result<Option<Credential<'a>>, Ambiguous> {
        let cookie = asked.config.access.as_ref().and_then(|access| access.cookie.as_deref());
        Credential::find(parts, cookie, asked.is_own_page)
    }

    /// The grant that permits the request; `None` if everybody may send it.
    fn permit(
        &self,
        asked: &ChannelRequest,
        parts: &Parts,
        outcome: Outcome,
        now: Instant,
    ) -> Result<Option<Grant>, Refusal> {
        let (outcome, unauthorized) = match outcome {
            Ok(Some(grant)) if self.hub.has_ended(&grant, now) => {
                (Err(Denied::Unauthorized), GrantRefusal::Ended)
            }
            Ok(None) => (Ok(None), GrantRefusal::Missing),
            outcome => (outcome, GrantRefusal::Invalid),
        };
        let (token, operation) = (&asked.token, &asked.operation);
        let access = asked.config.access.as_ref();
        let is_everybodys =
            access.is_none_or(|access| operation.is_permitted(&access.anonymous, token));
        let (reason, refusal) = match outcome {
            Ok(Some(grant)) if asked.is_permitted || operation.is_granted(&grant, token) => {
                return Ok(Some(grant));
            }
            // Without access control, the grant of middleware is what restricts a request.
            Ok(Some(_)) if is_everybodys && access.is_some() => return Ok(None),
            Ok(None) if asked.is_permitted || is_everybodys => return Ok(None),
            Err(Denied::Unauthorized) if is_everybodys && self.shows_cookie(asked, parts) => {
                return Ok(None);
            }
            Ok(None) | Err(Denied::Unauthorized) => {
                (unauthorized, self.challenge(asked, parts, unauthorized))
            }
            Ok(Some(_)) | Err(Denied::Forbidden) => (GrantRefusal::Forbidden, Refusal::Forbidden),
            Err(Denied::TooManyFailures { retry_after }) => {
                (GrantRefusal::TooManyFailures, Refusal::Failures { retry_after })
            }
            Err(Denied::Unavailable) => (GrantRefusal::Unavailable, Refusal::Unchecked),
        };
        self.hub.count_grant_refused(reason);
        Err(refusal)
    }

    /// Whether the credential is a cookie, which a browser sends by itself.
    fn shows_cookie(&self, asked: &ChannelRequest, parts: &Parts) -> bool {
        parts.extensions.get::<Grant>().is_none()
            && matches!(
                self.credential(asked, parts),
                Ok(Some(Credential::Cookie(_))) | Err(Ambiguous { is_cookie: true })
            )
    }

    /// Asks for credentials.
    fn challenge(&self, asked: &ChannelRequest, parts: &Parts, why: GrantRefusal) -> Refusal {
        let access = asked.config.access.as_ref();
        let takes_passwords = access.is_some_and(|access| access.authenticator.takes_passwords());
        // A browser would ask its user for a password even where a script fetches, or where the page is one
        // whose passwords do not count.
        let is_script = parts.headers.get(&SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate");
        let is_invalid = parts.extensions.get::<Grant>().is_some()
            || !matches!(self.credential(asked, parts), Ok(None));
        let is_basic = takes_passwords && asked.is_own_page && !is_script;
        Refusal::Unauthorized(Challenge { is_invalid, is_basic, why })
    }

    /// Asks the limiter for a place for the request.
    fn admit(
        &self,
        asked: &ChannelRequest,
        parts: &Parts,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Seat, Refusal> {
        let Some(limiter) = &asked.config.limiter else {
            return Ok(Seat::none());
        };
        let request = AccessRequest::new(parts, &asked.token, &asked.operation, None);
        limiter.0.admit(&request, grant, now).map_err(Refusal::Limited)
    }

    fn listener(
        &self,
        token: Token,
        parts: &Parts,
        grant: Option<Grant>,
    ) -> Result<Listen, Refusal> {
        Ok(Listen {
            token,
            grant,
            start: self.start(parts)?,
            is_head: parts.method == Method::HEAD,
            ends_connection: parts.version <= Version::HTTP_10,
            is_event_source: browser::is_event_source(parts),
        })
    }

    fn issue_ticket(
        &self,
        config: &GatewayConfig,
        token: &Token,
        grant: Option<Grant>,
        now: Instant,
    ) -> Result<Ticket, Refusal> {
        let unknown = || PublishError::UnknownAction { action: crate::action::TICKET.to_owned() };
        let access = config.access.as_ref().ok_or_else(unknown)?;
        let grant = grant.unwrap_or_else(|| Grant::new(access.anonymous.clone()));
        Ok(access.authenticator.issue_ticket(&grant, token, now).ok_or_else(unknown)?)
    }

    fn publish(
        &self,
        config: &GatewayConfig,
        asked: Publish,
        parts: &Parts,
        policy: &Policy,
        now: Instant,
    ) -> Result<Permit, Refusal> {
        self.hub.check_publish(&asked.token, &asked.action, now)?;
        body_type::check(&parts.headers)?;
        let limit = config.max_body;
        if content_length(&parts.headers).is_some_and(|len| limit < len) {
            self.hub.count_refused(HubLimit::BodyBytes);
            return Err(Refusal::TooLarge { max: limit });
        }
        let key = self.idempotency_key(parts)?;
        let until = now + config.body_timeout;
        let takes_batches = self.hub.config().format().takes_batches();
        let is_batch = takes_batches && body_type::is_batch(&parts.headers);
        let part = self.bodies.begin(parts.extensions.get().copied(), config.body_bounds());
        let (asked, bounds) = (Publish { key, is_batch, ..asked }, Bounds { limit, until, part });
        Ok(Permit::new(self.hub.clone(), asked, bounds, policy.clone()))
    }

    /// Where a listener wants to begin; ignored without history.
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
        if self.hub.config().history().is_none() {
            return Ok(None);
        }
        let mut keys = parts.headers.get_all(&IDEMPOTENCY_KEY).iter();
        match (keys.next(), keys.next()) {
            (Some(_), Some(_)) => Err(Refusal::Keys),
            (Some(key), None) => key.as_bytes().try_into().map(Some).map_err(Refusal::Key),
            (None, _) => Ok(None),
        }
    }
}

fn ticket_response(ticket: &Ticket) -> Response<Bytes> {
    let (ticket, expires) = (ticket.as_str(), ticket.expires());
    let json = format!(r#"{{"ticket":"{ticket}","expires":{expires}}}"#);
    let mut response = Response::new(Bytes::from(json));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
