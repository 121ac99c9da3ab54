mod config;
pub use config::{HubConfig, HubError};

mod post;
pub use post::Post;

mod subscriber;
pub use subscriber::{SubscribeError, Subscriber};

mod published;
pub use published::{Overrun, PublishError, Published};

mod wakers;
pub use wakers::{Wakers, WakersIntoIter};

mod limit;
pub use limit::Limit;

mod counts;
pub use counts::{ChannelInfo, Counts};

mod watch;
pub use watch::{HubEvent, HubEvents};

mod bodies;
pub(crate) use bodies::{Bodies, BodyPart};

mod channel;
mod drain;
mod expiry;
mod gauge;
mod listeners;
mod memory;
mod posting;
mod publish;
mod registry;
mod shared;
mod state;
mod sync;
mod system;

use std::time::{Duration, Instant};

use crate::{CloseReason, Epoch, Resume, Start, SubscriptionConfig, Token};
use channel::{Channel, Joined, Left};
use drain::Drain;
use expiry::Expiry;
use registry::{Full, Registry};
use shared::Shared;
use sync::{Arc, AtomicU16, AtomicU64, Ordering};

/// The channels of one server, shared by its connection tasks.
///
/// A channel exists while someone listens on it, or while it remembers something. The hub reads no clock and calls no waker: a
/// publication hands back the [`Wakers`] of the listeners that were idle, and whoever published
/// wakes them.
///
/// ```
/// use std::{task::Waker, time::Instant};
/// use sse_core::{Hub, HubConfig, Output, PublishError, StringFormat, Token};
///
/// let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let token = Token::new("42")?;
/// assert_eq!(hub.publish(&token, "ping", b"hi", now).unwrap_err(), PublishError::NotConnected);
///
/// let mut listener = hub.subscribe(&token, now)?;
/// assert_eq!(
///     listener.poll_output(Waker::noop(), now),
///     Output::Write("event: sse.open\nretry: 3000\ndata: {}\n\n".into()),
/// );
/// hub.publish(&token, "ping", b"hi", now)?.wake();
/// assert_eq!(
///     listener.poll_output(Waker::noop(), now),
///     Output::Write("event: ping\ndata: hi\n\n".into()),
/// );
///
/// drop(listener);
/// assert_eq!(hub.listeners(&token), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Hub {
    shared: Arc<Shared>,
    registry: Registry,
    expiry: Expiry,
    lives: AtomicU64,
    phase: AtomicU16,
}

impl Hub {
    /// A hub without channels.
    ///
    /// # Panics
    ///
    /// Where [`Self::try_new`] returns an error.
    pub fn new(config: HubConfig) -> Arc<Self> {
        match Self::try_new(config) {
            Ok(hub) => hub,
            Err(error) => panic!("{error}"),
        }
    }

    /// A hub without channels.
    ///
    /// # Errors
    ///
    /// With a history, [`HubError::Ids`] if there is an id source too, and [`HubError::Greeting`] if
    /// there is to be no greeting.
    pub fn try_new(config: HubConfig) -> Result<Arc<Self>, HubError> {
        if config.history.is_some() && config.ids.is_some() {
            return Err(HubError::Ids);
        }
        if config.history.is_some() && !config.has_greeting {
            return Err(HubError::Greeting);
        }
        Ok(Arc::new(Self {
            shared: Arc::new(Shared::new(config)),
            registry: Registry::default(),
            expiry: Expiry::default(),
            lives: AtomicU64::new(0),
            phase: AtomicU16::new(0),
        }))
    }

    /// How the hub was configured.
    pub fn config(&self) -> &HubConfig {
        &self.shared.config
    }

    /// A listener on the channel `token` that receives what is published from now on.
    ///
    /// # Errors
    ///
    /// See [`Self::subscribe_from`].
    pub fn subscribe(
        self: &Arc<Self>,
        token: &Token,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        self.subscribe_from(token, &Start::default(), now)
    }

    /// A listener on the channel `token` that receives what the channel remembers from `start` on,
    /// and then what is published, nothing of it twice. Without history `start` has no effect.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Taken`] if the channel is exclusive and someone listens;
    /// [`SubscribeError::Ended`] if it was finished not long ago; [`SubscribeError::Limit`] if there
    /// are as many channels or listeners as there may be; [`SubscribeError::Shutdown`] after
    /// [`Self::drain`] or [`Self::shutdown`].
    pub fn subscribe_from(
        self: &Arc<Self>,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        if !self.registry.is_open() {
            return Err(SubscribeError::Shutdown);
        }
        self.expire(now);
        let config = self.subscription_config();
        let joined = self.registry.join(
            token,
            self.config().max_channels,
            |channel| Some(channel.subscribe(start, &config, now)?.map_err(NotJoined::Refused)),
            || self.new_channel(token, now),
        );
        self.shared.watchers.wake();
        let (channel, joined) = joined.map_err(|error| self.not_joined(error))?;
        let Joined { place, resume, replaced } = joined;
        Ok(Subscriber::new(self.clone(), channel, place, resume, replaced))
    }

    /// Whether [`Self::subscribe_from`] would succeed, without listening, and what the listener would
    /// be told: nothing without history, or of a channel that does not exist yet.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Taken`], [`SubscribeError::Ended`] and [`SubscribeError::Shutdown`] as there.
    pub fn check_subscribe(
        &self,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<Option<Resume>, SubscribeError> {
        if !self.registry.is_open() {
            return Err(SubscribeError::Shutdown);
        }
        match self.registry.find(token) {
            Some(channel) => channel.check_subscribe(start, now),
            None => Ok(None),
        }
    }

    /// How many listen on the channel `token`.
    pub fn listeners(&self, token: &Token) -> usize {
        self.registry.find(token).map_or(0, |channel| channel.listeners())
    }

    /// The channels there are, in no order.
    pub fn channels(&self) -> Vec<ChannelInfo> {
        self.registry.named().iter().filter_map(|channel| channel.info()).collect()
    }

    /// What the hub holds and has done.
    pub fn counts(&self) -> Counts {
        Counts {
            channels: self.registry.len(),
            listeners: self.shared.listeners.get(),
            unread_bytes: self.shared.unread.get(),
            history_bytes: self.shared.history.get(),
            ..self.shared.tally.counts()
        }
    }

    /// What happens in the hub from now on.
    pub fn watch(&self) -> HubEvents {
        self.shared.watchers.add()
    }

    /// Counts what a body that is too long was refused for.
    pub(crate) fn count_refused(&self, limit: Limit) {
        self.shared.tally.refuse(limit);
    }

    /// Forgets what is over age. Whoever subscribes or publishes does it too, so that it needs no
    /// timer; it is of use where a hub is left alone for long and its memory is missed.
    pub fn expire(&self, now: Instant) {
        if self.config().history.is_none() && self.config().closed_ttl.is_none() {
            return;
        }
        while let Some(channel) = self.expiry.pop(now) {
            let left = channel.expire(now);
            self.look_after(&channel, left);
        }
    }

    /// Ends every stream at an instant of its own within `window`, and refuses new listeners from now on.
    ///
    /// Each client is told to come back when the window is over, and then at a time of its own within as
    /// long again, so that they meet the next server and not all at once. The window of the first call
    /// stands; it is 30 days at most.
    pub fn drain(&self, window: Duration, now: Instant) -> Wakers {
        let _first = self.shared.drain.set(Drain::new(now, window));
        let channels = self.registry.refuse().into_iter();
        let idle = channels.map(|channel| {
            let tickets = channel.tickets();
            (channel, tickets)
        });
        Wakers::new(idle.collect())
    }

    /// Ends every stream cleanly and refuses new listeners from now on.
    pub fn shutdown(&self) -> Wakers {
        let channels = self.registry.close();
        let ended = channels.into_iter().filter_map(|channel| {
            let ended = channel.finish(CloseReason::Shutdown, None)?;
            Some((channel, ended.tickets))
        });
        let wakers = Wakers::new(ended.collect());
        self.shared.watchers.wake();
        wakers
    }

    fn new_channel(&self, token: &Token, now: Instant) -> Channel {
        let epoch =
            self.config().history.as_ref().map(|history| {
                Epoch::new(history.seed, self.lives.fetch_add(1, Ordering::Relaxed))
            });
        Channel::new(token.clone(), epoch, &self.shared, now)
    }

    /// Does what is to be done about a channel that was left or looked at.
    fn look_after(&self, channel: &Arc<Channel>, left: Left) {
        match left {
            Left::Open { due: Some(due) } => self.expiry.push(due, channel),
            Left::Open { due: None } | Left::Ended => (),
            Left::Closed => self.registry.forget(channel),
        }
    }

    fn not_joined(&self, error: NotJoined) -> SubscribeError {
        match error {
            NotJoined::Refused(error) => error,
            NotJoined::Full(Full::Shutdown) => SubscribeError::Shutdown,
            NotJoined::Full(Full::Channels) => {
                let (limit, max) = (Limit::Channels, self.config().max_channels);
                self.shared.tally.refuse(limit);
                SubscribeError::Limit { limit, max }
            }
        }
    }

    /// When a client may come back that is refused at `now`, if the hub is draining.
    pub(crate) fn return_after(&self, now: Instant) -> Option<Duration> {
        Some(self.shared.drain.get()?.return_after(self.next_phase(), now))
    }

    /// A number that is drawn anew at each call, from the whole range of `u16`.
    ///
    /// It is a golden section away from the last one, which spreads any number of them evenly without
    /// a random source.
    pub(crate) fn next_phase(&self) -> u16 {
        self.phase.fetch_add(GOLDEN_SECTION, Ordering::Relaxed)
    }

    fn subscription_config(&self) -> SubscriptionConfig {
        self.config().subscription.clone().with_phase(self.next_phase())
    }
}

/// Why there is no listener on a channel: the channel says so, or there is no channel.
enum NotJoined {
    Refused(SubscribeError),
    Full(Full),
}

impl From<Full> for NotJoined {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}

/// 2¹⁶ / φ, which is odd, so that every phase is met before one repeats.
const GOLDEN_SECTION: u16 = 40_503;
