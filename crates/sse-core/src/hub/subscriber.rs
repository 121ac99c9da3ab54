use std::{sync::Arc, task::Waker, time::Instant};

use super::{
    Hub,
    channel::{Channel, Place},
};
use crate::{Output, Token};

/// A [`Subscription`](crate::Subscription) to a channel of a [`Hub`].
///
/// It belongs to the task of its connection. Dropping it frees its place, and the token if it was
/// the last one there.
///
/// ```
/// # use std::{task::Waker, time::Instant};
/// # use sse_core::{Hub, HubConfig, Output, StringFormat, Token};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat).with_keepalive(None)), Instant::now());
/// let mut listener = hub.subscribe(&Token::new("42")?, now)?;
/// assert_eq!(listener.poll_output(Waker::noop(), now), Output::Wait { until: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Subscriber {
    hub: Arc<Hub>,
    channel: Arc<Channel>,
    place: Place,
}

impl Subscriber {
    pub(super) fn new(hub: Arc<Hub>, channel: Arc<Channel>, place: Place) -> Self {
        Self { hub, channel, place }
    }

    /// The channel that is listened on.
    pub fn token(&self) -> &Token {
        self.channel.token()
    }

    /// See [`Subscription::handle_timeout`](crate::Subscription::handle_timeout).
    pub fn handle_timeout(&mut self, now: Instant) {
        self.place.subscription.handle_timeout(now);
    }

    /// See [`Subscription::poll_output`](crate::Subscription::poll_output); `waker` is kept while
    /// the answer is [`Output::Wait`], and handed to whoever publishes next.
    pub fn poll_output(&mut self, waker: &Waker, now: Instant) -> Output {
        self.channel.poll_output(&mut self.place, waker, now)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.channel.leave(&self.place) {
            self.hub.registry.forget(&self.channel);
        }
    }
}

/// Why nobody can listen on a channel now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The channel is exclusive and someone listens.
    #[error("someone listens on this exclusive channel")]
    Taken,
    /// The hub is shutting down.
    #[error("the hub is shutting down")]
    Shutdown,
}
