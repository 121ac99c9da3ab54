use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::IdempotencyKey;
use crate::history::History;

/// The idempotency keys of one channel's latest publications.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: HashMap<IdempotencyKey, KnownKey>,
    by_age: VecDeque<(Instant, IdempotencyKey)>,
    cost: usize,
}

/// What was published under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct KnownKey {
    /// Of the action and the body, which are another publication's under the same key by mistake only.
    pub(super) digest: u64,
    /// The last of the events; `None` for a publication without one.
    pub(super) event: Option<u64>,
}

impl Keys {
    pub(super) fn find(&self, key: &IdempotencyKey) -> Option<KnownKey> {
        self.known.get(key).copied()
    }

    /// Remembers `key`, which is not known yet; beyond the bytes of `history` the oldest go.
    pub(super) fn insert(
        &mut self,
        key: IdempotencyKey,
        known: KnownKey,
        history: &History,
        now: Instant,
    ) {
        self.cost += cost(&key);
        self.by_age.push_back((now, key.clone()));
        self.known.insert(key, known);
        while history.max_key_bytes < self.cost {
            self.forget_oldest();
        }
    }

    /// Forgets the keys that are `window` old.
    pub(super) fn expire(&mut self, window: Duration, now: Instant) {
        let is_over = |at: Instant| window <= now.saturating_duration_since(at);
        while self.by_age.front().is_some_and(|&(at, _)| is_over(at)) {
            self.forget_oldest();
        }
    }

    /// Forgets the older half.
    pub(super) fn halve(&mut self) {
        let target = self.cost / 2;
        while target < self.cost {
            self.forget_oldest();
        }
    }

    /// When the youngest key came.
    pub(super) fn youngest(&self) -> Option<Instant> {
        self.by_age.back().map(|&(at, _)| at)
    }

    /// What the keys take, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// What the keys take, added up one by one.
    pub(super) fn recount(&self) -> usize {
        self.known.keys().map(cost).sum()
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_front() {
            self.cost -= cost(&key);
            self.known.remove(&key);
        }
    }
}

fn cost(key: &IdempotencyKey) -> usize {
    key.len() + KEY_OVERHEAD
}

/// An allocation, a place in the map and a place in the queue.
const KEY_OVERHEAD: usize = 128;
