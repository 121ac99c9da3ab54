use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::crowd::{IN_FLIGHT, LISTENERS};

/// What is on its way from one publisher to a crowd: a publication is in flight until as many deliveries are done as
/// there are listeners.
#[derive(Default)]
pub(crate) struct Flight {
    published: AtomicU64,
    delivered: AtomicU64,
    has_room: Notify,
}

impl Flight {
    /// Waits until one more may be in flight.
    pub(crate) async fn publish(&self) {
        while !self.has_room() {
            self.has_room.notified().await;
        }
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn deliver(&self, events: u64) {
        self.delivered.fetch_add(events, Ordering::Relaxed);
        if self.has_room() {
            self.has_room.notify_one();
        }
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        let published = self.published.load(Ordering::Relaxed) * LISTENERS;
        published < self.delivered() + IN_FLIGHT * LISTENERS
    }
}
