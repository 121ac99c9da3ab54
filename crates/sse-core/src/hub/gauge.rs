use super::sync::{AtomicUsize, Ordering};

/// How much of something there is in all channels together, against its bound.
#[derive(Debug)]
pub(super) struct Gauge {
    value: AtomicUsize,
    max: AtomicUsize,
}

impl Gauge {
    pub(super) fn new(max: usize) -> Self {
        Self { value: AtomicUsize::new(0), max: AtomicUsize::new(max) }
    }

    pub(super) fn get(&self) -> usize {
        self.value.load(Ordering::Relaxed)
    }

    pub(super) fn max(&self) -> usize {
        self.max.load(Ordering::Relaxed)
    }

    /// Sets the bound. What is beyond it stays.
    pub(super) fn set_max(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Adds `more`, or nothing if that would be beyond the bound.
    pub(super) fn try_add(&self, more: usize) -> bool {
        self.try_add_below(self.max(), more)
    }

    /// The same with another bound.
    pub(super) fn try_add_below(&self, max: usize, more: usize) -> bool {
        let add = |value: usize| value.checked_add(more).filter(|&sum| sum <= max);
        self.value.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    /// Replaces what one channel held `before` by what it holds `now`.
    pub(super) fn replace(&self, before: usize, now: usize) {
        if before < now {
            self.value.fetch_add(now - before, Ordering::Relaxed);
        } else if now < before {
            self.value.fetch_sub(before - now, Ordering::Relaxed);
        }
    }
}
