use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Deliveries that are still to be done: no more than `max` of them when something is published.
pub(crate) struct Flight {
    max: u64,
    published: AtomicU64,
    delivered: AtomicU64,
    has_room: Notify,
}

impl Flight {
    pub(crate) fn new(max: u64) -> Self {
        Self {
            max,
            published: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            has_room: Notify::new(),
        }
    }

    /// Waits until something that is delivered so many times may be published.
    pub(crate) async fn publish(&self, times: u64) {
        while !self.has_room() {
            self.has_room.notified().await;
        }
        self.published.fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn deliver(&self, times: u64) {
        self.delivered.fetch_add(times, Ordering::Relaxed);
        if self.has_room() {
            self.has_room.notify_one();
        }
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        self.published.load(Ordering::Relaxed) < self.delivered() + self.max
    }
}
