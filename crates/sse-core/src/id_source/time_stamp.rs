use std::time::{Duration, Instant};

use super::IdSource;
use crate::event::EventId;

/// The time of an event as its id: seconds since 1970 with six decimals.
///
/// The clock is read once, by the caller; from then on the ids follow the monotonic clock and
/// never go back. Two events of the same microsecond have the same id.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_core::id_source::{IdSource, TimeStamp};
///
/// let start = Instant::now();
/// let ids = TimeStamp::new(Duration::from_secs(1_353_666_000), start);
/// assert_eq!(ids.next_id(start + Duration::from_millis(5)).as_str(), "1353666000.005000");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeStamp {
    since_epoch: Duration,
    at: Instant,
}

impl TimeStamp {
    /// Ids that say `since_epoch`, the time since 1970, at the instant `now`.
    pub fn new(since_epoch: Duration, now: Instant) -> Self {
        Self { since_epoch, at: now }
    }
}

impl IdSource for TimeStamp {
    fn next_id(&self, now: Instant) -> EventId {
        let time = self.since_epoch.saturating_add(now.saturating_duration_since(self.at));
        EventId::new(format!("{}.{:06}", time.as_secs(), time.subsec_micros()))
            .expect("digits fit in an id")
    }
}
