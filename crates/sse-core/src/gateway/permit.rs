use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

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
    hub::{BodyPart, HubLimit, Post, PublishError, Published, Submission},
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

    /// Publishes the body, which is complete. The verdict is that of this moment. In a hub with a store use
    /// [`Self::submit`].
    pub fn publish(self, now: Instant) -> Publication {
        if self.has_ended(now) {
            return self.answer(Err(PublishError::GrantEnded));
        }
        let published = self.hub.post(&self.asked.token, &self.post(), now);
        self.answer(published)
    }

    /// Publishes the body, which is complete, and answers once that is safe; see [`Hub::submit`]. The verdict is that
    /// of this moment.
    pub fn submit(mut self, now: Instant) -> Posting {
        if self.has_ended(now) {
            let ended = self.answer(Err(PublishError::GrantEnded));
            return Posting(State::Ready(Some(Box::new(ended))));
        }
        let submission = self.hub.submit(&self.asked.token, &self.post(), now);
        // The store has what it needs of it.
        self.body = BytesMut::new();
        Posting(State::Submitted(Some(Box::new((self, submission)))))
    }

    /// Whether the grant that permits it has ended.
    fn has_ended(&self, now: Instant) -> bool {
        let grant = self.asked.grant.as_ref();
        let has_ended = grant.is_some_and(|grant| self.hub.has_ended(grant, now));
        if has_ended {
            self.hub.count_grant_refused(GrantRefusal::Ended);
        }
        has_ended
    }

    fn post(&self) -> Post<'_> {
        let body = self.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.body);
        let mut post = Post::new(&self.asked.action, body);
        if let Some(key) = &self.asked.key {
            post = post.with_key(key.clone());
        }
        if self.asked.is_batch {
            post = post.with_batch();
        }
        post
    }

    fn answer(&self, published: Result<Published, PublishError>) -> Publication {
        match published {
            Ok(published) => {
                let response = self.policy.apply(self.accept(&published));
                Publication { response, published: Ok(published) }
            }
            Err(error) => {
                let refusal = match error.clone() {
                    PublishError::GrantEnded => Refusal::Unauthorized(Challenge::ENDED),
                    error => error.into(),
                };
                Publication { response: self.refuse(refusal), published: Err(error) }
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

/// A POST whose end is waited for: see [`Permit::submit`].
#[derive(Debug)]
#[must_use = "a publisher waits for the answer"]
pub struct Posting(State);

#[derive(Debug)]
enum State {
    Ready(Option<Box<Publication>>),
    Submitted(Option<Box<(Permit, Submission)>>),
}

impl Posting {
    /// When it is no longer waited for, see [`Self::handle_timeout`]; `None` if it is known already.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.0 {
            State::Submitted(Some(submitted)) => submitted.1.deadline(),
            _ => None,
        }
    }

    /// Answers that nobody knows what became of it, unless it is known by now.
    ///
    /// # Panics
    ///
    /// If it was ready before.
    pub fn handle_timeout(&mut self) -> Publication {
        match &mut self.0 {
            State::Ready(publication) => *publication.take().expect(READY),
            State::Submitted(submitted) => {
                let (permit, mut submission) = *submitted.take().expect(READY);
                permit.answer(submission.handle_timeout())
            }
        }
    }
}

impl Future for Posting {
    type Output = Publication;

    /// # Panics
    ///
    /// If it was ready before.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Publication> {
        match &mut self.0 {
            State::Ready(publication) => Poll::Ready(*publication.take().expect(READY)),
            State::Submitted(submitted) => {
                let (permit, submission) = &mut **submitted.as_mut().expect(READY);
                let published = ready!(Pin::new(submission).poll(cx));
                let publication = permit.answer(published);
                *submitted = None;
                Poll::Ready(publication)
            }
        }
    }
}

const READY: &str = "it is not polled again once it is ready";

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
