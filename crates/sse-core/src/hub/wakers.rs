use std::task::Waker;

use super::{cell::Cell, sync::Arc};

/// The wakers of the listeners that a publication concerns.
///
/// They are taken from the hub in small batches while they are woken, so that publishing costs the same
/// for one listener as for 100,000. No lock is held while one is woken. Dropping this wakes them too.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat};
/// # let hub = Hub::new(HubConfig::new(StringFormat));
/// hub.shutdown().wake();
/// ```
#[derive(Debug)]
#[must_use = "idle listeners wait until they are woken"]
pub struct Wakers {
    first: Option<(Arc<Cell>, u64)>,
    others: Vec<(Arc<Cell>, u64)>,
}

impl Wakers {
    /// Those of one channel with a ticket below `tickets`.
    pub(super) fn one(cell: Arc<Cell>, tickets: u64) -> Self {
        Self { first: Some((cell, tickets)), others: Vec::new() }
    }

    pub(super) fn none() -> Self {
        Self::new(Vec::new())
    }

    pub(super) fn new(others: Vec<(Arc<Cell>, u64)>) -> Self {
        Self { first: None, others }
    }

    /// Wakes them all, from this thread.
    pub fn wake(self) {
        drop(self);
    }
}

impl Drop for Wakers {
    fn drop(&mut self) {
        for (cell, tickets) in self.first.take().into_iter().chain(self.others.drain(..)) {
            let mut batch = Batch::default();
            loop {
                batch.len = cell.take_wakers(tickets, &mut batch.wakers);
                let is_last = batch.len < SIZE;
                batch.wake();
                // An idle listener of later has a ticket that is not below these.
                if is_last {
                    break;
                }
            }
        }
    }
}

/// Wakers that were taken out and have to be woken, even if one of them panics.
#[derive(Default)]
struct Batch {
    wakers: [Option<Waker>; SIZE],
    len: usize,
}

impl Batch {
    fn wake(&mut self) {
        while 0 < self.len {
            self.len -= 1;
            self.wakers[self.len].take().into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.wake();
    }
}

/// How many wakers are taken under one lock.
const SIZE: usize = 16;
