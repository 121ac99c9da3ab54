use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::Event;

/// The end of all streams, spread over a window so that the clients do not come back as one herd.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    start: Instant,
    window: Duration,
}

impl Drain {
    pub(super) fn new(start: Instant, window: Duration) -> Self {
        Self { start, window: window.min(LONGEST) }
    }

    /// When the stream that is at `phase` ends.
    pub(super) fn end_of(&self, phase: u16) -> Instant {
        self.start + part_of(self.window, phase)
    }

    /// What the client of that stream is told at its end: when to come back.
    pub(super) fn farewell(&self, phase: u16, now: Instant) -> Bytes {
        Event::default().with_retry(self.return_after(phase, now)).encode()
    }

    /// When a client may come back that is told so at `now`: not before the window is over, since it
    /// could meet this server again, and spread over another one. It has nothing to do with the end
    /// of a stream at the same `phase`.
    pub(super) fn return_after(&self, phase: u16, now: Instant) -> Duration {
        let drawn = (u32::from(phase).wrapping_mul(MIX) >> 16) as u16;
        let left = self.end_of(u16::MAX).saturating_duration_since(now);
        // Whole milliseconds are told: rounded down, it would be too early.
        left + part_of(self.window, drawn) + MILLISECOND
    }
}

fn part_of(window: Duration, phase: u16) -> Duration {
    window.mul_f64(f64::from(phase) / f64::from(u16::MAX))
}

/// Longer than anybody waits, and short enough to be added to any instant.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const MILLISECOND: Duration = Duration::from_millis(1);

/// 2³² / φ: multiplied with it, neighbours come to lie far apart.
const MIX: u32 = 0x9e37_79b9;
