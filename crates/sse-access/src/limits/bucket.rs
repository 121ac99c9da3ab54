use std::time::{Duration, Instant};

use super::{
    address::Address,
    table::{Slot, Table},
};

/// So many a second, and ten times as many at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// The time in which one more is let in.
    interval: Duration,
    /// How long an empty bucket takes to fill.
    whole: Duration,
    max: u32,
}

impl Rate {
    /// `None`, which is no limit, for 0.
    pub(super) fn new(max: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(max)?.max(Duration::from_nanos(1));
        let whole = interval.saturating_mul(max).saturating_mul(BURST);
        Some(Self { interval, whole, max })
    }

    /// How many there may be a second.
    pub(super) fn max(&self) -> u32 {
        self.max
    }
}

/// What is left of a rate for each address.
///
/// Each address has a bucket that holds the burst and fills at the rate. It is enough to store when the bucket will be
/// full: the rest follows from the time (the generic cell rate algorithm). Whatever the rate, a bucket takes as long
/// to fill, so the rate may change.
#[derive(Debug)]
pub(super) struct Buckets(Table<Bucket>);

#[derive(Debug)]
struct Bucket {
    full_at: Instant,
}

impl Buckets {
    pub(super) fn new() -> Self {
        Self(Table::new())
    }

    /// Lets one in at this rate.
    ///
    /// # Errors
    ///
    /// The time until the next one is let in, if none is let in now. Nothing has changed then.
    pub(super) fn take(&self, address: Address, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.0.update(address, now, |bucket| {
            let full_at = bucket.full_at.max(now) + rate.interval;
            let empty_for = (full_at - now).saturating_sub(rate.whole);
            if !empty_for.is_zero() {
                return Err(empty_for);
            }
            bucket.full_at = full_at;
            Ok(())
        })
    }

    /// Undoes one [`Self::take`].
    pub(super) fn give_back(&self, address: Address, rate: Rate) {
        self.0.change(address, |bucket| {
            bucket.full_at = bucket.full_at.checked_sub(rate.interval).unwrap_or(bucket.full_at);
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
