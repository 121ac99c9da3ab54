use std::{
    task::{Poll, Waker},
    time::Instant,
};

use super::{
    Hub,
    mailbox::{Mailbox, Taken},
    shared::Shared,
    sync::{Arc, Weak},
};
use crate::{Token, wire::Frame};

/// What an [`Observer`] sees of its channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Observed {
    /// An event was published.
    Event {
        /// Its number in the channel. Where numbers are left out, so are events.
        number: u64,
        /// When it was published.
        at: Instant,
        /// What listeners get.
        frame: Frame,
    },
    /// The channel ended. Another one of the same name is observed as well.
    Closed,
    /// The observer was too slow, and so many of these were left out here.
    Missed {
        /// How many.
        count: u64,
    },
}

impl Observed {
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Event { frame, .. } => frame.as_bytes().len() + OVERHEAD,
            _ => OVERHEAD,
        }
    }
}

/// The events of a channel, as its history holds them and then as they are published; see
/// [`Hub::observe`](crate::Hub::observe).
///
/// It holds 1 MiB that it has not been asked for, or one event. What is published then is counted and left out.
#[derive(Debug)]
pub struct Observer {
    token: Token,
    mailbox: Arc<Mailbox<Observed>>,
    hub: Weak<Shared>,
}

impl Observer {
    /// What comes next; `None` once the hub is gone. While there is nothing, `waker` is kept and woken when there
    /// is something.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<Option<Observed>> {
        self.mailbox.poll_take(waker).map(|taken| match taken? {
            Taken::Item(observed) => Some(observed),
            Taken::Missed(count) => Some(Observed::Missed { count }),
        })
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.watchers.remove_observer(&self.token, &self.mailbox);
        }
        self.mailbox.abandon();
    }
}

/// A look at one channel.
impl Hub {
    /// The events of the channel `token`: of those that are remembered the newest, and then all that are
    /// published, whether the channel is there now or not, ends, or begins again.
    ///
    /// An observer is no listener: it is not counted, opens no channel and keeps none, is not told that a channel
    /// is taken, and holds no event for anyone but itself. It costs publications to its channel a copy of the
    /// reference to each event, and those to others a look at whether anyone observes them.
    ///
    /// ```
    /// # use std::{task::{Poll, Waker}, time::Instant};
    /// # use sse_core::{Hub, HubConfig, StringFormat, Token, hub::Observed};
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// let token = Token::new("42")?;
    /// let mut observer = hub.observe(&token);
    ///
    /// let _listener = hub.subscribe(&token, now)?;
    /// hub.publish(&token, "ping", b"hi", now)?;
    ///
    /// let observed = observer.poll_next(Waker::noop());
    /// let Poll::Ready(Some(Observed::Event { number, frame, .. })) = observed else { panic!() };
    /// assert_eq!((number, &frame.as_bytes()[..]), (1, b"event: ping\ndata: hi\n\n".as_slice()));
    /// assert_eq!(hub.listeners(&token), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe(&self, token: &Token) -> Observer {
        let mailbox = Arc::new(Mailbox::new(MAX_COST));
        let add = || self.shared.watchers.add_observer(token, &mailbox);
        loop {
            let Some(cell) = self.table.find(token) else {
                if self.table.unless_there(token, add) {
                    break;
                }
                continue;
            };
            if cell.observe(&mailbox) {
                break;
            }
            self.take_out(&cell);
        }
        let (token, hub) = (token.clone(), Arc::downgrade(&self.shared));
        Observer { token, mailbox, hub }
    }
}

/// What an observer may hold.
pub(super) const MAX_COST: usize = 1 << 20;

/// What each thing that is observed costs beside its bytes.
pub(super) const OVERHEAD: usize = 128;
