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
#[derive(Debug, Default)]
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
        let mut others = std::mem::take(&mut self.others);
        let current = self.first.take().or_else(|| others.pop());
        Waking { current, others, batch: [const { None }; SIZE] }.run();
    }
}

/// Wakers that have to be woken, all of them even if one panics.
struct Waking {
    current: Option<(Arc<Cell>, u64)>,
    others: Vec<(Arc<Cell>, u64)>,
    batch: [Option<Waker>; SIZE],
}

impl Waking {
    fn run(&mut self) {
        while let Some((cell, tickets)) = &self.current {
            let taken = cell.take_wakers(*tickets, &mut self.batch);
            // An idle listener of later has a ticket that is not below these.
            if taken < SIZE {
                self.current = self.others.pop();
            }
            self.wake();
        }
    }

    fn wake(&mut self) {
        for waker in &mut self.batch {
            let Some(waker) = waker.take() else { continue };
            waker.wake();
        }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        self.wake();
        self.run();
    }
}

/// How many wakers are taken under one lock.
const SIZE: usize = 16;
