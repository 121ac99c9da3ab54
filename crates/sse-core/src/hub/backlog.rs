use std::sync::atomic::{AtomicUsize, Ordering};

/// What the logs of all channels hold together, against its bound.
#[derive(Debug)]
pub(super) struct Backlog {
    bytes: AtomicUsize,
    max: usize,
}

impl Backlog {
    pub(super) fn new(max: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), max }
    }

    /// Replaces what one log held `before` by what it holds `now`.
    pub(super) fn replace(&self, before: usize, now: usize) {
        if before < now {
            self.bytes.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.max < self.bytes.load(Ordering::Relaxed)
    }

    /// Whether there is room again for a while.
    pub(super) fn is_relieved(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) <= self.max - self.max / 8
    }
}
