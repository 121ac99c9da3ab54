use std::{task::Waker, time::Instant};

use super::{
    Hub, Limit, Wakers,
    channel::{Channel, Place},
    sync::Arc,
};
use crate::{Output, Resume, Token};

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
/// assert_eq!(
///     listener.poll_output(Waker::noop(), now),
///     Output::Write("event: sse.open\nretry: 3000\ndata: {}\n\n".into()),
/// );
/// assert_eq!(listener.poll_output(Waker::noop(), now), Output::Wait { until: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Subscriber {
    hub: Arc<Hub>,
    channel: Arc<Channel>,
    place: Place,
    resume: Option<Box<Resume>>,
    /// Those whose channel this one took over.
    replaced: Option<Box<Wakers>>,
}

impl Subscriber {
    pub(super) fn new(
        hub: Arc<Hub>,
        channel: Arc<Channel>,
        place: Place,
        resume: Option<Resume>,
        replaced: Option<u64>,
    ) -> Self {
        let replaced = replaced.map(|tickets| Box::new(Wakers::one(channel.clone(), tickets)));
        Self { hub, channel, place, resume: resume.map(Box::new), replaced }
    }

    /// How the listener's last event ID was taken, in a hub with history.
    pub fn resume(&self) -> Option<&Resume> {
        self.resume.as_deref()
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
    ///
    /// The first call wakes the listeners whose channel this one took over.
    pub fn poll_output(&mut self, waker: &Waker, now: Instant) -> Output {
        self.wake_replaced();
        self.channel.poll_output(&mut self.place, waker, now)
    }

    fn wake_replaced(&mut self) {
        if let Some(replaced) = self.replaced.take() {
            replaced.wake();
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.wake_replaced();
        let left = self.channel.leave(&self.place);
        self.hub.look_after(&self.channel, left);
        self.hub.shared.watchers.wake();
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
    /// The channel was finished not long ago, see
    /// [`HubConfig::with_closed_ttl`](crate::HubConfig::with_closed_ttl).
    #[error("the channel is over")]
    Ended,
    /// There are as many as there may be.
    #[error("there may be no more than {max} {limit}")]
    Limit {
        /// Of what.
        limit: Limit,
        /// How many.
        max: usize,
    },
}
