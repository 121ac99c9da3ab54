use std::{sync::Arc, time::Instant};

use bytes::{Bytes, BytesMut};
use http::{Response, header};

use super::{cors::Grant, refusal::Refusal};
use crate::{Hub, Published, Token};

/// A POST whose head was accepted: it takes the body, then publishes.
///
/// ```
/// # use std::time::Instant;
/// # use http::Request;
/// use sse_core::{Gateway, GatewayConfig, Handled, Hub, HubConfig, StringFormat, Token};
///
/// # let hub = Hub::new(HubConfig::new(StringFormat));
/// # let (gateway, now) = (Gateway::new(hub.clone(), GatewayConfig::default()), Instant::now());
/// let _listener = hub.subscribe(&Token::new("42")?, now)?;
/// let (parts, ()) = Request::post("/ping/42").body(())?.into_parts();
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
    token: Token,
    action: String,
    bounds: Bounds,
    body: BytesMut,
    grant: Grant,
}

/// How long a body may be, in bytes, and when it must have arrived.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) limit: u64,
    pub(super) until: Instant,
}

impl Permit {
    pub(super) fn new(
        hub: Arc<Hub>,
        token: Token,
        action: String,
        bounds: Bounds,
        grant: Grant,
    ) -> Self {
        Self { hub, token, action, bounds, body: BytesMut::new(), grant }
    }

    /// The channel that is published to.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The action that is asked for.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Takes the next bytes of the body; answers with a refusal once they are too many.
    #[must_use]
    pub fn handle_input(&mut self, input: &[u8]) -> Option<Response<Bytes>> {
        if self.bounds.limit < self.body.len() as u64 + input.len() as u64 {
            return Some(self.refuse(Refusal::TooLarge));
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
        match self.hub.publish(&self.token, &self.action, &self.body, now) {
            Ok(published) => {
                let mut response = Response::new(Bytes::new());
                let accept = self.hub.config().format().content_type();
                response.headers_mut().insert(header::ACCEPT, accept);
                Publication { response: self.grant.apply(response), published: Some(published) }
            }
            Err(error) => Publication { response: self.refuse(error.into()), published: None },
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        self.grant.apply(refusal.into_response())
    }
}

/// The end of a POST.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a driver needs both parts")]
pub struct Publication {
    /// What the publisher is sent.
    pub response: Response<Bytes>,
    /// What was published; its listeners are to be woken.
    pub published: Option<Published>,
}
