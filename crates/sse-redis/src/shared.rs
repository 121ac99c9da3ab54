use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::watch;

use crate::{RedisConfig, StartError, inbox::Inbox, keys::Keys};

/// What a store and its driver both use.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<RedisConfig>,
    pub(crate) keys: Arc<Keys>,
    /// What tells this node from all others.
    pub(crate) node: Arc<str>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) tally: Tally,
}

/// Whether Redis can be used.
///
/// ```
/// use sse_redis::Status;
///
/// let status = Status::Away { reason: "connection refused".into() };
/// assert!(!status.is_ready());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// It cannot be reached, or takes nothing now. It is tried again.
    Away {
        /// Why, as far as it is known.
        reason: Arc<str>,
    },
    /// All that was missed has been asked for, and what is published is stored.
    Ready,
    /// It is not tried again.
    Failed(StartError),
}

impl Status {
    /// Whether what is published is stored.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// What a store has done since it was started.
///
/// ```
/// use sse_redis::Counts;
///
/// assert_eq!(Counts::default().connections, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// How many channels are subscribed to.
    pub channels: usize,
    /// How many bytes wait to be stored, or for an answer.
    pub queue_bytes: usize,
    /// How often Redis was connected to.
    pub connections: u64,
    /// How many publications were stored.
    pub published: u64,
    /// How many messages came from Redis.
    pub messages: u64,
    /// How often events were missing, or in doubt, and were read.
    pub refills: u64,
    /// How many pages were read for listeners who stood before the log.
    pub pages: u64,
    /// How often Redis had lost what it had told, so that streams were broken.
    pub losses: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) channels: AtomicUsize,
    pub(crate) connections: AtomicU64,
    pub(crate) published: AtomicU64,
    pub(crate) messages: AtomicU64,
    pub(crate) refills: AtomicU64,
    pub(crate) pages: AtomicU64,
    pub(crate) losses: AtomicU64,
}

impl Shared {
    pub(crate) fn counts(&self) -> Counts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Tally { channels, connections, published, messages, refills, pages, losses } =
            &self.tally;
        Counts {
            channels: channels.load(Ordering::Relaxed),
            queue_bytes: self.inbox.bytes(),
            connections: load(connections),
            published: load(published),
            messages: load(messages),
            refills: load(refills),
            pages: load(pages),
            losses: load(losses),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
