use std::time::{Duration, Instant};

use super::{
    address::Address,
    table::{Slot, Table},
};

/// A number for each address and minute; the minute begins with the first one that is counted.
///
/// A bucket that fills all the time would always let slow attempts through. With a window, no 60 seconds can have more
/// than twice the number, and on average they have no more than the number.
#[derive(Debug)]
pub(super) struct PerMinute(Table<Window>);

#[derive(Debug)]
struct Window {
    end: Instant,
    count: u32,
}

impl PerMinute {
    pub(super) fn new() -> Self {
        Self(Table::new())
    }

    /// Whether there may be one more, where `max` may be.
    ///
    /// # Errors
    ///
    /// The time until there may be one more.
    pub(super) fn check(&self, address: Address, max: u32, now: Instant) -> Result<(), Duration> {
        let left = self.0.change(address, |window| {
            if window.count < max { Duration::ZERO } else { window.end - now }
        });
        match left {
            None | Some(Duration::ZERO) => Ok(()),
            Some(left) => Err(left),
        }
    }

    /// Counts one.
    pub(super) fn count(&self, address: Address, now: Instant) {
        self.0.update(address, now, |window| {
            if window.is_spare(now) {
                *window = Window { end: now + MINUTE, count: 0 };
            }
            window.count = window.count.saturating_add(1);
        });
    }
}

impl Slot for Window {
    type Weight = u32;

    fn new(now: Instant) -> Self {
        Self { end: now, count: 0 }
    }

    fn is_spare(&self, now: Instant) -> bool {
        self.end <= now
    }

    fn weight(&self) -> u32 {
        self.count
    }
}

const MINUTE: Duration = Duration::from_secs(60);
