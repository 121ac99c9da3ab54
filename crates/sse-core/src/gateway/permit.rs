use std::{sync::Arc, time::Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, header};

use super::{
    header_text::text,
    policy::Policy,
    refusal::{Challenge, Refusal},
};
use crate::{
    Hub, Token,
    access::{Grant, GrantRefusal},
    channel::IdempotencyKey,
    hub::{BodyPart, HubLimit, Post, PublishError, Published},
};

/// A POST whose head was accepted: it takes the body, then publishes.
///
/// ```
/// # use std::time::Instant;
/// # use http::Request;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, gateway::Handled};
///
/// # let hub = Hub::new(HubConfig::new(StringFormat));
/// # let (gateway, now) = (Gateway::new(hub.clone(), GatewayConfig::default()), Instant::now());
/// let _listener = hub.subscribe(&Token::new("42")?, now)?;
/// let request = Request::post("/ping/42").header("host", "localhost").body(())?;
/// let (parts, ()) = request.into_parts();
/// let Handled::Publish(mut permit) = gateway.handle(&parts, now) else {
///     panic!("someone listens");
/// };
/// assert!(permit.handle_input(b"hi").is_none());
/// let publication = permit.publish(now);
/// assert_eq!(publication.response.status(), 200);
/// publication.published.expect("accepted").wake();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Permit {
    hub: Arc<Hub>,
    asked: Publish,
    bounds: Bounds,
    body: BytesMut,
    policy: Policy,
}

/// What the head of a POST asks for.
#[derive(Debug)]
pub(super) struct Publish {
    pub(super) token: Token,
    pub(super) action: String,
    /// The grant that permits it, unless everybody may.
    pub(super) grant: Option<Grant>,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) is_batch: bool,
}

/// How long a body may be, in bytes, when it must have arrived, and its part of what all may take.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) limit: u64,
    pub(super) until: Instant,
    pub(super) part: BodyPart,
}

impl Permit {
    pub(super) fn new(hub: Arc<Hub>, asked: Publish, bounds: Bounds, policy: Policy) -> Self {
        Self { hub, asked, bounds, body: BytesMut::new(), policy }
    }

    /// The channel that is published to.
    pub fn token(&self) -> &Token {
        &self.asked.token
    }

    /// The action that is asked for.
    pub fn action(&self) -> &str {
        &self.asked.action
    }

    /// Takes the next bytes of the body; answers with a refusal once they are too many.
    #[must_use]
    pub fn handle_input(&mut self, input: &[u8]) -> Option<Response<Bytes>> {
        if self.bounds.limit < self.body.len() as u64 + input.len() as u64 {
            self.hub.count_refused(HubLimit::BodyBytes);
            return Some(self.refuse(Refusal::TooLarge { max: self.bounds.limit }));
        }
        if !self.bounds.part.try_grow(input.len()) {
            self.hub.count_refused(HubLimit::Bodies);
            // What has come is of no use any more, and others need the room.
            self.body = BytesMut::new();
            let max = self.bounds.part.max();
            return Some(self.refuse(Refusal::Bodies { max }));
        }
        self.body.extend_from_slice(input);
        None
    }

    /// When the body must have arrived, see [`Self::handle_timeout`].
    pub fn deadline(&self) -> Instant {
        self.bounds.until
    }

    /// Answers with a refusal if the body is late.
    #[must_use]
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Response<Bytes>> {
        (self.bounds.until <= now).then(|| self.refuse(Refusal::Late))
    }

    /// Answers with a refusal because the body broke off; seldom is there someone left to read it.
    #[must_use]
    pub fn handle_abort(&self) -> Response<Bytes> {
        self.refuse(Refusal::Incomplete)
    }

    /// Publishes the body, which is complete. The verdict is that of this moment.
    pub fn publish(self, now: Instant) -> Publication {
        let Publish { token, action, grant, key, is_batch } = &self.asked;
        if grant.as_ref().is_some_and(|grant| self.hub.has_ended(grant, now)) {
            self.hub.count_grant_refused(GrantRefusal::Ended);
            let response = self.refuse(Refusal::Unauthorized(Challenge::ENDED));
            return Publication { response, published: Err(PublishError::GrantEnded) };
        }
        let body = self.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.body);
        let mut post = Post::new(action, body);
        if let Some(key) = key {
            post = post.with_key(key.clone());
        }
        if *is_batch {
            post = post.with_batch();
        }
        match self.hub.post(token, &post, now) {
            Ok(published) => {
                let response = self.policy.apply(self.accept(&published));
                Publication { response, published: Ok(published) }
            }
            Err(error) => {
                Publication { response: self.refuse(error.clone().into()), published: Err(error) }
            }
        }
    }

    fn accept(&self, published: &Published) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(header::ACCEPT, self.hub.config().format().content_type());
        if self.hub.config().history().is_some() {
            if let Some(id) = published.id() {
                headers.insert("sse-id", text(id));
            }
            headers.insert("sse-listeners", text(published.listeners()));
            if published.is_duplicate() {
                headers.insert("sse-duplicate", HeaderValue::from_static("true"));
            }
        }
        response
    }

    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        self.policy.apply(refusal.into_response(&self.hub))
    }
}

/// The end of a POST.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a driver needs both parts")]
pub struct Publication {
    /// What the publisher is sent.
    pub response: Response<Bytes>,
    /// What was published, so that its listeners are to be woken, or why nothing was.
    pub published: Result<Published, PublishError>,
}

/// It says that UTF-8 follows and is no part of the text.
///
/// # Source
///
/// Encoding Standard, [UTF-8 decode](https://encoding.spec.whatwg.org/#utf-8-decode).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
