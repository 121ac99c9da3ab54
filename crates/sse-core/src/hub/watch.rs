use std::task::{Poll, Waker};

use super::{
    ChannelInfo,
    mailbox::{Mailbox, Taken},
    sync::Arc,
};
use crate::{Token, history::Gap};

/// What happens in a hub.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A channel began to exist.
    Opened {
        /// Its name.
        token: Token,
    },
    /// A channel ended: by the finish action, by shutdown, or with nobody there and nothing to
    /// remember.
    Closed {
        /// Its name.
        token: Token,
    },
    /// A channel has a listener again.
    FirstListener {
        /// Its name.
        token: Token,
        /// How many it has now.
        listeners: usize,
    },
    /// Nobody listens on a channel any more.
    LastListener {
        /// Its name.
        token: Token,
        /// How many it has now.
        listeners: usize,
    },
    /// A listener came back and may have missed events.
    Gap {
        /// The channel.
        token: Token,
        /// What it was told.
        gap: Gap,
    },
    /// Listeners fell out of a log.
    Overrun {
        /// The channel.
        token: Token,
        /// How many they were.
        listeners: usize,
    },
    /// The watcher was too slow, and this many events were left out here.
    Missed {
        /// How many.
        events: u64,
    },
}

/// What happens in a hub from now on, in order, and the channels that there were before; see
/// [`Hub::watch`](crate::Hub::watch).
///
/// Up to 4,096 events wait to be read; those that come then are counted and left out.
///
/// ```
/// # use std::{task::{Poll, Waker}, time::Instant};
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, hub::HubEvent};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let mut watcher = hub.watch();
/// assert!(watcher.channels().is_empty());
///
/// let token = Token::new("42")?;
/// let _listener = hub.subscribe(&token, now)?;
/// let opened = HubEvent::Opened { token: token.clone() };
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Ready(Some(opened)));
/// let first = HubEvent::FirstListener { token, listeners: 1 };
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Ready(Some(first)));
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Pending);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Watcher {
    mailbox: Arc<Mailbox<HubEvent>>,
    channels: Vec<ChannelInfo>,
}

impl Watcher {
    pub(super) const MAX_EVENTS: usize = 4_096;

    pub(super) fn new(mailbox: Arc<Mailbox<HubEvent>>, channels: Vec<ChannelInfo>) -> Self {
        Self { mailbox, channels }
    }

    /// The channels that there were when the watch began.
    ///
    /// What happened to one of them at that very moment may be told once more by an event. An event says
    /// what is, not what has changed, so that taking it twice does no harm.
    pub fn channels(&self) -> &[ChannelInfo] {
        &self.channels
    }

    /// The next event; `None` once the hub is gone. While there is none, `waker` is kept and woken when
    /// there is one.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<Option<HubEvent>> {
        self.mailbox.poll_take(waker).map(|taken| match taken? {
            Taken::Item(event) => Some(event),
            Taken::Missed(events) => Some(HubEvent::Missed { events }),
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.mailbox.abandon();
    }
}
