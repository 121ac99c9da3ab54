use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Phase;
use crate::Event;

/// The end of all streams, spread over a window so that the clients do not come back as one herd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drain {
    start: Instant,
    window: Duration,
}

impl Drain {
    pub(crate) fn new(start: Instant, window: Duration) -> Self {
        Self { start, window: window.min(LONGEST) }
    }

    /// When the stream of the listener at `phase` ends.
    pub(crate) fn end_of(&self, phase: Phase) -> Instant {
        self.start + phase.part_of(self.window)
    }

    /// What the client of that stream is told at its end: when to come back.
    pub(crate) fn farewell(&self, phase: Phase, now: Instant) -> Bytes {
        Event::default().with_retry(self.return_after(phase, now)).encode()
    }

    /// When a client may come back that is told so at `now`: not before the window is over, since it
    /// could meet this server again, and spread over another one. It has nothing to do with the end
    /// of a stream at the same `phase`.
    pub(crate) fn return_after(&self, phase: Phase, now: Instant) -> Duration {
        let left = (self.start + self.window).saturating_duration_since(now);
        // Whole milliseconds are told: rounded down, it would be too early.
        left + phase.redrawn().part_of(self.window) + MILLISECOND
    }
}

/// Longer than anybody waits, and short enough to be added to any instant.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const MILLISECOND: Duration = Duration::from_millis(1);
