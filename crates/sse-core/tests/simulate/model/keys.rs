use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The idempotency keys of one channel, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(VecDeque<Key>);

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) action: &'static str,
    pub(crate) body: String,
    /// The number of the last event that was published under it; none if that was no event.
    pub(crate) event: Option<u64>,
    pub(crate) at: Instant,
}

impl Keys {
    pub(crate) fn find(&self, name: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.name == name)
    }

    /// Remembers a key that is not known yet, and forgets the oldest beyond `max_bytes`.
    pub(crate) fn insert(&mut self, key: Key, max_bytes: usize) {
        self.0.push_back(key);
        while max_bytes < self.cost() {
            self.0.pop_front();
        }
    }

    pub(crate) fn expire(&mut self, window: Duration, now: Instant) {
        self.0.retain(|key| now < key.at + window);
    }

    /// Forgets the older half; returns whether there was anything.
    pub(crate) fn halve(&mut self) -> bool {
        let cost = self.cost();
        while cost / 2 < self.cost() {
            self.0.pop_front();
        }
        0 < cost
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the youngest was stored.
    pub(crate) fn youngest(&self) -> Option<Instant> {
        self.0.back().map(|key| key.at)
    }

    /// When the oldest was stored.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.0.front().map(|key| key.at)
    }

    pub(crate) fn cost(&self) -> usize {
        self.0.iter().map(|key| key.name.len() + 128).sum()
    }
}
