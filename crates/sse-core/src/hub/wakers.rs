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
    current: Option<(Arc<Channel>, u64)>,
    channels: Vec<(Arc<Channel>, u64)>,
    batch: [Option<Waker>; BATCH],
    len: usize,
}

impl Wakers {
    pub(super) fn one(channel: Arc<Channel>, tickets: u64) -> Self {
        Self { current: Some((channel, tickets)), ..Self::none() }
    }

    pub(super) fn none() -> Self {
        Self::new(Vec::new())
    }

    pub(super) fn new(channels: Vec<(Arc<Channel>, u64)>) -> Self {
        Self { current: None, channels, batch: [const { None }; BATCH], len: 0 }
    }

    /// Wakes them all, from this thread.
    pub fn wake(self) {
        self.for_each(Waker::wake);
    }
}

impl Iterator for Wakers {
    type Item = Waker;

    fn next(&mut self) -> Option<Waker> {
        while self.len == 0 {
            let (channel, tickets) = match &self.current {
                Some(current) => current,
                None => self.current.insert(self.channels.pop()?),
            };
            self.len = channel.take_wakers(*tickets, &mut self.batch);
            if self.len == 0 {
                self.current = None;
            }
        }
        self.len -= 1;
        self.batch[self.len].take()
    }
}

/// How many wakers are taken under one lock.
const BATCH: usize = 16;
