use std::time::{Duration, Instant};

use super::{Buckets, CloseReason};

/// What was written of a channel and whose streams have ended, until the hub takes note of it.
///
/// It is kept under the lock of the channel, or by the engine that wrote, so that nothing that channels share is
/// touched for each listener.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Whether the hub is to take note of it now.
    pub(crate) is_due: bool,
    /// Events, each counted once for every listener that it was written to.
    pub(crate) deliveries: u64,
    pub(crate) bytes: u64,
    /// How many writes had at most as many events as [`SIZES`] says, and not fewer than the bound before; the last for
    /// those that had more.
    pub(crate) sizes: Buckets<{ SIZES.len() + 1 }>,
    /// The same for how long they took, by [`LATENCIES`].
    pub(crate) latencies: Buckets<{ LATENCIES.len() + 1 }>,
    pub(crate) latency_nanos: u64,
    /// Streams that were ended, by [`CloseReason::index`].
    pub(crate) closed: Buckets<{ CloseReason::COUNT }>,
    /// Listeners that left before their stream ended.
    pub(crate) left: u32,
    /// Whether a stream was ended or a listener has left.
    pub(crate) has_ends: bool,
    /// How many writes there are that the hub has not taken note of.
    pub(crate) writes: u32,
}

impl Traffic {
    /// `writes` were done, of `len` bytes and `events` events each.
    pub(super) fn add_writes(&mut self, writes: u32, len: usize, events: u64) {
        let times = u64::from(writes);
        self.writes += writes;
        self.deliveries += times * events;
        self.bytes += times * len as u64;
        self.sizes.add(SIZES.partition_point(|&size| size < events), writes);
    }

    /// The oldest event of `writes` was published at `published`, and they were done at `now`.
    pub(super) fn add_latency(&mut self, writes: u32, published: Option<Instant>, now: Instant) {
        if let Some(published) = published
            && 0 < writes
        {
            let latency = nanos(now.saturating_duration_since(published));
            self.latency_nanos =
                self.latency_nanos.saturating_add(latency.saturating_mul(writes.into()));
            self.latencies.add(LATENCY_NANOS.partition_point(|&most| most < latency), writes);
        }
    }

    /// The hub is to take note once there is enough, or at once where `is_last` says that no other write follows soon.
    pub(super) fn end_write(&mut self, is_last: bool) {
        self.is_due |= is_last || MOST_PENDING <= self.writes;
    }

    /// A stream was ended.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.closed.add(reason.index(), 1);
        (self.has_ends, self.is_due) = (true, true);
    }

    /// A listener has left.
    pub(super) fn leave(&mut self) {
        self.left += 1;
        (self.has_ends, self.is_due) = (true, true);
    }
}

impl CloseReason {
    /// How many there are.
    pub(crate) const COUNT: usize = 7;

    /// Its place among all of them.
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Finished => 0,
            Self::Shutdown => 1,
            Self::Expired => 2,
            Self::Revoked => 3,
            Self::Replaced => 4,
            Self::Overrun { .. } => 5,
            Self::Failed => 6,
        }
    }
}

/// The bounds of the numbers of events in one write.
pub(crate) const SIZES: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// The bounds of the times from the publication of an event to its write.
pub(crate) const LATENCIES: [Duration; 16] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// The same as numbers, which are quicker to compare.
const LATENCY_NANOS: [u64; LATENCIES.len()] = {
    let (mut all, mut at) = ([0; LATENCIES.len()], 0);
    while at < all.len() {
        all[at] = nanos(LATENCIES[at]);
        at += 1;
    }
    all
};

/// What does not fit is as good as for ever.
const fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos() as u64)
}

/// How many writes of listeners that are not driven by an engine may be unknown to the hub, where others still
/// stand at the place that these have left.
const MOST_PENDING: u32 = 64;
