use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::watch;

use crate::{Counts, RedisConfig, Status, inbox::Inbox, keys::Keys};

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
