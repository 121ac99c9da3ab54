//! The channels of a server: who listens, who is reached, what may be held.

mod config;
pub use config::{HubConfig, HubError};

mod post;
pub use post::Post;

mod subscriber;
pub use subscriber::{SubscribeError, Subscriber};

mod engine;
pub use engine::{Delivery, Engine, StreamEnd};

mod receiver;
pub use receiver::{Delivered, EventReceiver};

mod published;
pub use published::{Overrun, PublishError, Published};

mod wakers;
pub use wakers::Wakers;

mod ended_streams;
pub use ended_streams::EndedStreams;

mod limit;
pub use limit::HubLimit;

mod histogram;
pub use histogram::Histogram;

mod counts;
pub use counts::{ChannelInfo, Counts};

mod watch;
pub use watch::{HubEvent, Watcher};

mod observe;
pub use observe::{Observed, Observer};

mod stored;
pub(crate) use stored::Asking;
pub use stored::{Joining, Submission, Told};

mod bodies;
pub(crate) use bodies::{Bodies, BodyBounds, BodyPart};

mod current;
pub(crate) use current::Current;

mod bounds;
mod cell;
mod command;
mod effects;
mod gauge;
mod granted;
mod idle;
mod listen;
mod lives;
mod mailbox;
mod publish;
mod queue;
mod revocations;
mod revoke;
mod room;
mod shared;
mod sync;
mod table;
mod tombstones;
mod watchers;

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::{
    Token,
    access::GrantRefusal,
    channel::{CloseReason, Drain},
    store::Feed,
};
use shared::Shared;
use sync::{Arc, AtomicU64, Weak};
use table::Table;

/// The channels of one server, shared by its connection tasks.
///
/// A channel exists while someone listens on it, or while it remembers something. The hub reads no clock
/// and calls no waker while it does its work: a publication hands back the [`Wakers`] of the listeners
/// that were idle, to be woken when it is convenient.
///
/// ```
/// use std::{task::Waker, time::Instant};
/// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Output, hub::PublishError};
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
    me: Weak<Self>,
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
    /// there is to be no greeting; with a store, [`HubError::Store`] if there is no history.
    pub fn try_new(config: HubConfig) -> Result<Arc<Self>, HubError> {
        if config.channel.history.is_some() && config.ids.is_some() {
            return Err(HubError::Ids);
        }
        if config.store.is_some() && config.channel.history.is_none() {
            return Err(HubError::Store);
        }
        if config.channel.history.is_some() && !config.channel.has_greeting {
            return Err(HubError::Greeting);
        }
        let hub = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            shared: Arc::new(Shared::new(config)),
            table: Table::default(),
            lives: AtomicU64::new(0),
            cells: AtomicU64::new(0),
            phase: AtomicU64::new(0),
        });
        if let Some(store) = hub.config().store() {
            store.attach(Feed::new(hub.me.clone()));
        }
        Ok(hub)
    }

    /// How the hub was configured when it was made.
    pub fn config(&self) -> &HubConfig {
        &self.shared.config
    }

    /// How many listen on the channel `token`.
    pub fn listeners(&self, token: &Token) -> usize {
        self.table.find(token).map_or(0, |cell| cell.listeners())
    }

    /// The channel `token`, if somebody listens on it or it remembers something.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use sse_core::{Hub, HubConfig, StringFormat, Token};
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// let token = Token::new("42")?;
    /// assert_eq!(hub.channel(&token), None);
    ///
    /// let _listener = hub.subscribe(&token, now)?;
    /// assert_eq!(hub.channel(&token).unwrap().listeners, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn channel(&self, token: &Token) -> Option<ChannelInfo> {
        self.table.find(token)?.info()
    }

    /// The channels there are, in no order.
    pub fn channels(&self) -> Vec<ChannelInfo> {
        let mut channels = Vec::with_capacity(self.table.len());
        channels.extend(self.table.all().filter_map(|cell| cell.info()));
        channels
    }

    /// What the hub holds and has done.
    pub fn counts(&self) -> Counts {
        let shared = &self.shared;
        Counts {
            channels: self.table.len(),
            listeners: shared.here.get(),
            // The one is counted before the other.
            leaving: shared.connected.get().saturating_sub(shared.here.get()),
            granted: shared.granted.len(),
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
            granted: self.shared.granted.recount(),
            history_bytes: self.shared.tombstones.recount(),
            channels: self.table.all().count(),
            tombstones: self.shared.tombstones.len(),
            ..self.shared.tally.counts()
        };
        for cell in self.table.all().chain(self.table.ending()) {
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
    pub(crate) fn count_refused(&self, limit: HubLimit) {
        self.shared.tally.refuse(limit);
    }

    /// Counts a request that was refused with `status`.
    pub(crate) fn count_refusal(&self, status: StatusCode) {
        self.shared.tally.refuse_with(status);
    }

    /// Counts a request that was refused because of what it may do.
    pub(crate) fn count_grant_refused(&self, reason: GrantRefusal) {
        self.shared.tally.refuse_grant(reason);
    }

    /// Forgets what is over age. Each subscription and publication does some of it too, so that it needs
    /// no timer; it is of use where a hub is left alone for long and its memory is missed.
    pub fn expire(&self, now: Instant) {
        while self.forget_old(now) {}
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
            let (_here, effects) = cell.end(|channel| {
                channel.end(CloseReason::Shutdown, None, &self.config().channel);
            });
            (cell, effects.tickets)
        });
        let wakers = Wakers::new(ended.collect());
        self.shared.tombstones.clear();
        self.shared.watchers.wake();
        wakers
    }
}

/// A hub that may be gone.
pub(crate) type WeakHub = Weak<Hub>;
