mod config;
pub use config::HubConfig;

mod subscriber;
pub use subscriber::{SubscribeError, Subscriber};

mod published;
pub use published::{Overrun, PublishError, Published};

mod wakers;
pub use wakers::Wakers;

mod backlog;
mod channel;
mod listeners;
mod registry;

use std::{
    cmp::Reverse,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Instant,
};

use crate::{
    Action, CloseReason, Event, EventName, SubscriptionConfig, Token, action::parse_retry,
    hub::channel::Ended,
};
use backlog::Backlog;
use channel::Channel;
use registry::Registry;

/// The channels of one server, shared by its connection tasks.
///
/// A channel exists while someone listens on it. The hub reads no clock and calls no waker: a
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
    config: HubConfig,
    registry: Registry,
    backlog: Arc<Backlog>,
    phase: AtomicU16,
}

impl Hub {
    /// A hub without channels.
    pub fn new(config: HubConfig) -> Arc<Self> {
        let backlog = Arc::new(Backlog::new(config.max_total_bytes));
        Arc::new(Self { config, registry: Registry::default(), backlog, phase: AtomicU16::new(0) })
    }

    /// How the hub was configured.
    pub fn config(&self) -> &HubConfig {
        &self.config
    }

    /// A listener on the channel `token` that receives what is published from now on.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Taken`] if the channel is exclusive and someone listens;
    /// [`SubscribeError::Shutdown`] after [`Self::shutdown`].
    pub fn subscribe(
        self: &Arc<Self>,
        token: &Token,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        let config = self.subscription_config();
        let (channel, place) = self.registry.join(
            token,
            |channel| channel.subscribe(self.config.mode, &config, now),
            || Channel::new(token.clone(), &self.config.log, &self.backlog),
        )?;
        Ok(Subscriber::new(self.clone(), channel, place))
    }

    /// Whether [`Self::subscribe`] would succeed, without listening.
    ///
    /// # Errors
    ///
    /// The same as [`Self::subscribe`].
    pub fn check_subscribe(&self, token: &Token) -> Result<(), SubscribeError> {
        self.registry.check_open()?;
        match self.registry.find(token) {
            Some(channel) => channel.check_subscribe(self.config.mode),
            None => Ok(()),
        }
    }

    /// How many listen on the channel `token`.
    pub fn listeners(&self, token: &Token) -> usize {
        self.registry.find(token).map_or(0, |channel| channel.listeners())
    }

    /// Does what the POST action `action` with `body` asks for, on the channel `token`.
    ///
    /// An event is delivered to everyone who listens at this moment, once and in order. The wakers
    /// in what is returned must be woken, or idle listeners hear of it late.
    ///
    /// # Errors
    ///
    /// [`PublishError`] says what was refused; nothing was published then, and no id was used.
    pub fn publish(
        &self,
        token: &Token,
        action: &str,
        body: &[u8],
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.dispatch(token, action, body, now).map_err(|refused| self.rank(token, refused))
    }

    /// Whether `action` could be published on the channel `token`, before there is a body.
    ///
    /// # Errors
    ///
    /// [`PublishError::NotConnected`] and [`PublishError::UnknownAction`], looked at in this order.
    pub fn check_publish(&self, token: &Token, action: &str) -> Result<(), PublishError> {
        if self.listeners(token) == 0 {
            return Err(PublishError::NotConnected);
        }
        self.find_action(action).map(|_| ())
    }

    /// Ends every stream cleanly and refuses new listeners from now on.
    pub fn shutdown(&self) -> Wakers {
        let channels = self.registry.close();
        let ended = channels.into_iter().filter_map(|channel| {
            let ended = channel.finish(CloseReason::Shutdown)?;
            Some((channel, ended.tickets))
        });
        Wakers::new(ended.collect())
    }

    fn dispatch(
        &self,
        token: &Token,
        action: &str,
        body: &[u8],
        now: Instant,
    ) -> Result<Published, PublishError> {
        let (name, action) = self.find_action(action)?;
        match action {
            Action::Event => {
                let event = Event::data(self.config.format.data(body)?).with_name(name.clone());
                self.append(token, || match &self.config.ids {
                    Some(ids) => event.with_id(ids.next_id(now)),
                    None => event,
                })
            }
            Action::Retry => {
                let retry = parse_retry(body)?;
                self.append(token, || Event::default().with_retry(retry))
            }
            Action::Finish => self.finish(token),
        }
    }

    /// That nobody listens is said first, whatever else is wrong.
    fn rank(&self, token: &Token, refused: PublishError) -> PublishError {
        if self.listeners(token) == 0 { PublishError::NotConnected } else { refused }
    }

    fn find_action(&self, name: &str) -> Result<(&EventName, Action), PublishError> {
        let unknown = || PublishError::UnknownAction { action: name.to_owned() };
        self.config.actions.find(name).ok_or_else(unknown)
    }

    fn append(
        &self,
        token: &Token,
        event: impl FnOnce() -> Event,
    ) -> Result<Published, PublishError> {
        let mut event = Some(event);
        let (channel, appended) = self
            .registry
            .visit(token, |channel| channel.append(|| event.take().expect("a channel asks once")()))
            .ok_or(PublishError::NotConnected)?;
        let mut overrun = Vec::new();
        if 0 < appended.overrun {
            self.cut(&channel, appended.overrun, &mut overrun);
        }
        if self.backlog.is_exceeded() {
            self.relieve(&channel, &mut overrun);
        }
        Ok(Published {
            id: appended.id,
            listeners: appended.listeners,
            overrun,
            wakers: Wakers::one(channel, appended.tickets),
        })
    }

    fn finish(&self, token: &Token) -> Result<Published, PublishError> {
        let (channel, Ended { listeners, tickets }) = self
            .registry
            .visit(token, |channel| channel.finish(CloseReason::Finished))
            .ok_or(PublishError::NotConnected)?;
        self.registry.retire(&channel);
        let wakers = Wakers::one(channel, tickets);
        Ok(Published { id: None, listeners, overrun: Vec::new(), wakers })
    }

    /// Makes room when all logs together hold too much: who is furthest behind is cut first.
    ///
    /// Whoever listens on the channel that was published to `last` has had no time to read it, and
    /// comes last. More room is made than needed, so that looking through all channels is rare.
    fn relieve(&self, last: &Arc<Channel>, overrun: &mut Vec<Overrun>) {
        let channels = self.registry.all().into_iter();
        let mut channels: Vec<_> = channels
            .map(|channel| (Arc::ptr_eq(&channel, last), Reverse(channel.cost()), channel))
            .collect();
        channels.sort_unstable_by_key(|&(is_last, cost, _)| (is_last, cost));
        for (.., channel) in channels {
            if self.backlog.is_relieved() {
                return;
            }
            let cut = channel.cut_all_behind();
            if 0 < cut {
                self.cut(&channel, cut, overrun);
            }
        }
    }

    fn cut(&self, channel: &Arc<Channel>, listeners: usize, overrun: &mut Vec<Overrun>) {
        if channel.is_closed() {
            self.registry.forget(channel);
        }
        overrun.push(Overrun { token: channel.token().clone(), listeners });
    }

    /// Each subscription's phase is a golden section away from the last one's, which spreads any
    /// number of them evenly without a random source.
    fn subscription_config(&self) -> SubscriptionConfig {
        let phase = self.phase.fetch_add(GOLDEN_SECTION, Ordering::Relaxed);
        self.config.subscription.clone().with_phase(phase)
    }
}

/// 2¹⁶ / φ, which is odd, so that every phase is met before one repeats.
const GOLDEN_SECTION: u16 = 40_503;
