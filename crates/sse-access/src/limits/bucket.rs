use std::time::{Duration, Instant};

use super::{
    address::Address,
    table::{Slot, Table},
};

/// So many of one address a second, and ten times as many at once.
///
/// It is a bucket that holds the burst and fills at the rate. All that is to be known of one is when it will
/// be full: the rest follows from the time (the generic cell rate algorithm).
#[derive(Debug)]
pub(super) struct Rate {
    /// In how much time one more is let in.
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
    /// None for no limit, which 0 stands for.
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
    /// How long to wait before the next one is let in, if none is now. Then nothing has changed.
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

    /// Takes back that one was let in.
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

/// What a bucket holds is so many times what there may be a second.
const BURST: u32 = 10;
