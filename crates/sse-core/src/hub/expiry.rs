use std::{
    cmp::{Ordering as Order, Reverse},
    collections::BinaryHeap,
    time::Instant,
};

use super::{
    channel::Channel,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// When channels have to be looked at because what they remember may be over age.
///
/// Nothing waits for these instants: whoever comes to the hub anyway does what is due.
#[derive(Debug, Default)]
pub(super) struct Expiry(Mutex<BinaryHeap<Reverse<Due>>>);

impl Expiry {
    pub(super) fn push(&self, at: Instant, channel: &Arc<Channel>) {
        let due = Due { at, channel: Arc::downgrade(channel) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse(due));
    }

    /// A channel that is due, if it is still there.
    pub(super) fn pop(&self, now: Instant) -> Option<Arc<Channel>> {
        let mut heap = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while heap.peek().is_some_and(|Reverse(due)| due.at <= now) {
            let channel = heap.pop().and_then(|Reverse(due)| due.channel.upgrade());
            if channel.is_some() {
                return channel;
            }
        }
        None
    }
}

#[derive(Debug)]
struct Due {
    at: Instant,
    channel: Weak<Channel>,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Order {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}
