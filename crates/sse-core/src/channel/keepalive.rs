use std::time::{Duration, Instant};

/// When silence is to be broken. A timeout that comes early changes nothing.
#[derive(Clone, Debug)]
pub(crate) struct Keepalive {
    interval: Option<Duration>,
    last_write: Instant,
    is_due: bool,
}

impl Keepalive {
    pub(crate) fn new(interval: Option<Duration>, now: Instant) -> Self {
        Self { interval, last_write: now, is_due: false }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.is_due |= self.deadline().is_some_and(|deadline| deadline <= now);
    }

    pub(crate) fn handle_write(&mut self, now: Instant) {
        self.is_due = false;
        self.last_write = now;
    }

    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.last_write.checked_add(self.interval?)
    }
}
