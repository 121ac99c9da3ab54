use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use super::IdSource;
use crate::event::EventId;

/// Decimal ids, counted from 0 over all channels.
///
/// ```
/// use std::time::Instant;
/// use sse_core::id_source::{Counter, IdSource};
///
/// let (ids, now) = (Counter::default(), Instant::now());
/// assert_eq!(ids.next_id(now).as_str(), "0");
/// assert_eq!(ids.next_id(now).as_str(), "1");
/// ```
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl IdSource for Counter {
    fn next_id(&self, _now: Instant) -> EventId {
        EventId::new(self.0.fetch_add(1, Ordering::Relaxed).to_string())
            .expect("digits fit in an id")
    }
}
