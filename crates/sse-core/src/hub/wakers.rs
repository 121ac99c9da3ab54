use std::task::Waker;

use super::{channel::Channel, sync::Arc};

/// The wakers of the listeners that a publication concerns.
///
/// They are taken from the hub in small batches while this is drained, so that publishing costs
/// the same for one listener as for 100,000. No lock is held while a waker is in the caller's hand.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat};
/// # let hub = Hub::new(HubConfig::new(StringFormat));
/// for waker in hub.shutdown() {
///     waker.wake();
/// }
/// ```
#[derive(Debug)]
#[must_use = "idle listeners wait until they are woken"]
pub struct Wakers {
    first: Option<(Arc<Channel>, u64)>,
    others: Vec<(Arc<Channel>, u64)>,
}

impl Wakers {
    pub(super) fn one(channel: Arc<Channel>, tickets: u64) -> Self {
        Self { first: Some((channel, tickets)), others: Vec::new() }
    }

    pub(super) fn none() -> Self {
        Self::new(Vec::new())
    }

    pub(super) fn new(channels: Vec<(Arc<Channel>, u64)>) -> Self {
        Self { first: None, others: channels }
    }

    /// Wakes them all, from this thread.
    pub fn wake(self) {
        self.into_iter().for_each(Waker::wake);
    }
}

impl IntoIterator for Wakers {
    type Item = Waker;
    type IntoIter = WakersIntoIter;

    fn into_iter(mut self) -> WakersIntoIter {
        let current = self.first.take().or_else(|| self.others.pop());
        WakersIntoIter { current, others: self.others, batch: [const { None }; BATCH], len: 0 }
    }
}

/// The wakers one by one, see [`Wakers`].
#[derive(Debug)]
pub struct WakersIntoIter {
    current: Option<(Arc<Channel>, u64)>,
    others: Vec<(Arc<Channel>, u64)>,
    batch: [Option<Waker>; BATCH],
    len: usize,
}

impl Iterator for WakersIntoIter {
    type Item = Waker;

    fn next(&mut self) -> Option<Waker> {
        while self.len == 0 {
            let (channel, tickets) = self.current.as_ref()?;
            self.len = channel.take_wakers(*tickets, &mut self.batch);
            // Whoever went idle meanwhile has a ticket of later.
            if self.len < BATCH {
                self.current = self.others.pop();
            }
        }
        self.len -= 1;
        self.batch[self.len].take()
    }
}

/// How many wakers are taken under one lock.
const BATCH: usize = 16;
