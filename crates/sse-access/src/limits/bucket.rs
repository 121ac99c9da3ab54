use std::time::{Duration, Instant};

use super::{
    address::Address,
    table::{Slot, Table},
};

/// A rate for each address: so many a second, and ten times as many at once.
///
/// Each address has a bucket that holds the burst and fills at the rate. It is enough to store when the bucket will be
/// full: the rest follows from the time (the generic cell rate algorithm).
#[derive(Debug)]
pub(super) struct Rate {
    /// The time in which one more is let in.
    interval: Duration,
    /// How long an empty bucket takes to fill.
    whole: Duration,
    max: u32,
    buckets: Table<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    full_at: Instant,
}

impl Rate {
    /// `None`, which is no limit, for 0.
    pub(super) fn new(max: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(max)?.max(Duration::from_nanos(1));
        let whole = interval.saturating_mul(max).saturating_mul(BURST);
        Some(Self { interval, whole, max, buckets: Table::new() })
    }

    /// How many there may be a second.
    pub(super) fn max(&self) -> u32 {
        self.max
    }

    /// Lets one in.
    ///
    /// # Errors
    ///
    /// The time until the next one is let in, if none is let in now. Nothing has changed then.
    pub(super) fn take(&self, address: Address, now: Instant) -> Result<(), Duration> {
        self.buckets.update(address, now, |bucket| {
            let full_at = bucket.full_at.max(now) + self.interval;
            let empty_for = (full_at - now).saturating_sub(self.whole);
            if !empty_for.is_zero() {
                return Err(empty_for);
            }
            bucket.full_at = full_at;
            Ok(())
        })
    }

    /// Undoes one [`Self::take`].
    pub(super) fn give_back(&self, address: Address) {
        self.buckets.change(address, |bucket| {
            bucket.full_at = bucket.full_at.checked_sub(self.interval).unwrap_or(bucket.full_at);
        });
    }
}

impl Slot for Bucket {
    type Weight = Instant;

    fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    fn is_spare(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    fn weight(&self) -> Instant {
        self.full_at
    }
}

/// A bucket holds this many seconds' worth.
const BURST: u32 = 10;
