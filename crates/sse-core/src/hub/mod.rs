mod config;
pub use config::{HubConfig, HubError};

mod post;
pub use post::Post;

mod subscriber;
pub use subscriber::{SubscribeError, Subscriber};

mod receiver;
pub use receiver::{Delivered, Receiver};

mod published;
pub use published::{Overrun, PublishError, Published};

mod wakers;
pub use wakers::Wakers;

mod limit;
pub use limit::Limit;

mod counts;
pub use counts::{ChannelInfo, Counts};

mod watch;
pub use watch::{HubEvent, Watcher};

mod bodies;
pub(crate) use bodies::{Bodies, BodyPart};

mod cell;
mod command;
mod gauge;
mod idle;
mod publish;
mod queue;
mod room;
mod shared;
mod sync;
mod table;
mod tombstones;

use std::time::{Duration, Instant};

use crate::{
    CloseReason, Epoch, Resume, Start, Token,
    channel::{Channel, Drain, Joined, Phase, Tombstone},
    history::{Epochs, Kept, decide},
    mix::GOLDEN_SECTION,
};
use cell::Cell;
use shared::Shared;
use sync::{Arc, AtomicU64, Ordering};
use table::{Full, Table};

/// The channels of one server, shared by its connection tasks.
///
/// A channel exists while someone listens on it, or while it remembers something. The hub reads no clock
/// and calls no waker while it does its work: a publication hands back the [`Wakers`] of the listeners
/// that were idle, to be woken when it is convenient.
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
    table: Table,
    lives: AtomicU64,
    cells: AtomicU64,
    phase: AtomicU64,
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
        if config.channel.history.is_some() && config.ids.is_some() {
            return Err(HubError::Ids);
        }
        if config.channel.history.is_some() && !config.channel.has_greeting {
            return Err(HubError::Greeting);
        }
        Ok(Arc::new(Self {
            shared: Arc::new(Shared::new(config)),
            table: Table::default(),
            lives: AtomicU64::new(0),
            cells: AtomicU64::new(0),
            phase: AtomicU64::new(0),
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
        if !self.table.is_open() {
            return Err(SubscribeError::Shutdown);
        }
        self.forget_old(now);
        let joined = self.join(token, start, now);
        self.shared.watchers.wake();
        if let Err(SubscribeError::Limit { limit, .. }) = joined {
            self.shared.tally.refuse(limit);
        }
        let (cell, Joined { key, resume, has_replaced }) = joined?;
        Ok(Subscriber::new(self.clone(), cell, key, resume, has_replaced))
    }

    /// Whether [`Self::subscribe_from`] would succeed, without listening, and what the listener would
    /// be told: nothing without history, or of a channel that nobody knows yet.
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
        if !self.table.is_open() {
            return Err(SubscribeError::Shutdown);
        }
        self.forget_old(now);
        if let Some(cell) = self.table.find(token) {
            let (checked, effects) = cell.check_listen(start, now);
            self.follow(&cell, effects, &mut Vec::new());
            if let Some(checked) = checked {
                return checked;
            }
        }
        match self.shared.tombstones.find(token) {
            Some(Tombstone::Closed { .. }) => Err(SubscribeError::Ended),
            Some(Tombstone::Forgotten { next, epochs }) => {
                Ok(Some(decide(start, Kept { first: next, top: next - 1, epochs: &epochs })))
            }
            None => Ok(None),
        }
    }

    /// How many listen on the channel `token`.
    pub fn listeners(&self, token: &Token) -> usize {
        self.table.find(token).map_or(0, |cell| cell.listeners())
    }

    /// The channels there are, in no order.
    pub fn channels(&self) -> Vec<ChannelInfo> {
        self.table.all().iter().filter_map(|cell| cell.info()).collect()
    }

    /// What the hub holds and has done.
    pub fn counts(&self) -> Counts {
        let shared = &self.shared;
        Counts {
            channels: self.table.len(),
            listeners: shared.here.get(),
            leaving: shared.connected.get() - shared.here.get(),
            unread_bytes: shared.unread.get(),
            joined_bytes: shared.joined.get(),
            history_bytes: shared.history_held(),
            tombstones: shared.tombstones.len(),
            ..shared.tally.counts()
        }
    }

    /// The same as [`Self::counts`], but everything that is held is looked at and added up.
    ///
    /// It takes time for each event that is held, and is meant for tests and for doubts.
    pub fn recount(&self) -> Counts {
        let mut counts = Counts {
            history_bytes: self.shared.tombstones.recount(),
            channels: self.table.all().len(),
            tombstones: self.shared.tombstones.len(),
            ..self.shared.tally.counts()
        };
        for cell in self.table.all().into_iter().chain(self.table.ending()) {
            let held = cell.recount();
            counts.listeners += held.here;
            counts.leaving += cell.leaving();
            counts.unread_bytes += held.unread;
            counts.joined_bytes += held.joined;
            counts.history_bytes += held.history;
        }
        counts
    }

    /// The channels there are, and what happens in the hub from now on.
    pub fn watch(&self) -> Watcher {
        self.shared.watchers.add(|| self.channels())
    }

    /// Counts what a body that is too long was refused for.
    pub(crate) fn count_refused(&self, limit: Limit) {
        self.shared.tally.refuse(limit);
    }

    /// Forgets what is over age. Whoever subscribes or publishes does it too, so that it needs no
    /// timer; it is of use where a hub is left alone for long and its memory is missed.
    pub fn expire(&self, now: Instant) {
        self.forget_old(now);
        self.shared.watchers.wake();
    }

    /// Ends every stream at an instant of its own within `window`, and refuses new listeners from now on.
    ///
    /// Each client is told to come back when the window is over, and then at a time of its own within as
    /// long again, so that they meet the next server and not all at once. The window of the first call
    /// stands; it is 30 days at most.
    pub fn drain(&self, window: Duration, now: Instant) -> Wakers {
        let _first = self.shared.drain.set(Drain::new(now, window));
        let cells = self.table.refuse().into_iter();
        Wakers::new(cells.map(|cell| (cell.clone(), cell.tickets())).collect())
    }

    /// Ends every stream cleanly and refuses new listeners from now on.
    pub fn shutdown(&self) -> Wakers {
        let ended = self.table.clear().into_iter().map(|cell| {
            let (_here, effects) = cell.end(|channel| channel.end(CloseReason::Shutdown, None));
            (cell, effects.tickets)
        });
        let wakers = Wakers::new(ended.collect());
        self.shared.tombstones.clear();
        self.shared.watchers.wake();
        wakers
    }

    /// When a client may come back that is refused at `now`, if the hub is draining.
    pub(crate) fn return_after(&self, now: Instant) -> Option<Duration> {
        Some(self.shared.drain.get()?.return_after(self.next_phase(), now))
    }

    /// A place that is drawn anew at each call: a golden section away from the last one, which spreads any
    /// number of them evenly without a random source.
    pub(crate) fn next_phase(&self) -> Phase {
        let phase = self.phase.fetch_add(GOLDEN_SECTION, Ordering::Relaxed);
        Phase((phase >> (u64::BITS - u16::BITS)) as u16)
    }

    fn join(
        &self,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<(Arc<Cell>, Joined), SubscribeError> {
        let (limit, max) = (Limit::Listeners, self.config().max_listeners);
        if !self.shared.connected.try_add(1) {
            return Err(SubscribeError::Limit { limit, max });
        }
        let joined = self.join_counted(token, start, now);
        if joined.is_err() {
            self.shared.connected.replace(1, 0);
        }
        joined
    }

    fn join_counted(
        &self,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<(Arc<Cell>, Joined), SubscribeError> {
        let phase = self.next_phase();
        loop {
            let cell = self.open(token, now)?;
            let (joined, effects) = cell.listen(start, phase, now);
            self.follow(&cell, effects, &mut Vec::new());
            match joined {
                Some(joined) => return Ok((cell, joined?)),
                None => self.bury(&cell),
            }
        }
    }

    /// The channel `token`, which begins to exist if it does not.
    fn open(&self, token: &Token, now: Instant) -> Result<Arc<Cell>, NotOpened> {
        if let Some(cell) = self.table.find(token) {
            return Ok(cell);
        }
        // It is the user's code, and may ask the hub.
        let mode = self.config().mode_of(token);
        let max = self.config().max_channels;
        loop {
            let opened = self.table.open(token, max, || {
                let tombstone = self.shared.tombstones.find(token);
                let continues = tombstone.is_some();
                let (next, epochs) = match tombstone {
                    Some(Tombstone::Closed { .. }) => return Err(NotOpened::Closed),
                    Some(Tombstone::Forgotten { next, epochs }) => (next, Some(epochs)),
                    None => (1, self.new_epochs()),
                };
                self.shared.tombstones.remove(token);
                let config = &self.config().channel;
                let channel = Channel::new(mode, (next, epochs), continues, config, now);
                let serial = self.cells.fetch_add(1, Ordering::Relaxed);
                Ok(Cell::new(token.clone(), serial, channel, self.shared.clone()))
            });
            match opened {
                Err(NotOpened::Full { .. }) if self.give_way() => (),
                Err(NotOpened::Full { .. }) => return Err(NotOpened::Full { max }),
                opened => return opened,
            }
        }
    }

    fn new_epochs(&self) -> Option<Epochs> {
        let history = self.config().history()?;
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        Some(Epochs::new(Epoch::new(history.seed, life)))
    }

    fn forget_old(&self, now: Instant) {
        let config = &self.config().channel;
        let max_age = config.history.as_ref().and_then(|history| history.max_age);
        self.shared.tombstones.expire(max_age, now);
        if config.history.is_none() {
            return;
        }
        while let Some((_, cell)) = self.shared.due.pop_if(|due| due <= now) {
            let effects = cell.expire(now);
            self.follow(&cell, effects, &mut Vec::new());
        }
    }
}

/// Why there is no channel.
#[derive(Clone, Copy, Debug)]
enum NotOpened {
    /// It was finished, and its token is kept.
    Closed,
    /// There are as many as there may be.
    Full { max: usize },
    /// There will be none any more.
    Shutdown,
}

impl From<Full> for NotOpened {
    fn from(full: Full) -> Self {
        match full {
            Full::Channels => Self::Full { max: 0 },
            Full::Shutdown => Self::Shutdown,
        }
    }
}

impl From<NotOpened> for SubscribeError {
    fn from(refused: NotOpened) -> Self {
        match refused {
            NotOpened::Closed => Self::Ended,
            NotOpened::Full { max } => Self::Limit { limit: Limit::Channels, max },
            NotOpened::Shutdown => Self::Shutdown,
        }
    }
}
