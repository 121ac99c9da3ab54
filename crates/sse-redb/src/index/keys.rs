use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use sse_core::history::Position;

/// The idempotency keys of one channel.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: HashMap<Arc<str>, Known>,
    by_age: VecDeque<(Arc<str>, u64)>,
    cost: usize,
}

/// What was published under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) digest: u64,
    pub(crate) answer: Option<Position>,
    /// In milliseconds since 1970.
    pub(crate) time: u64,
    /// Where it lies on disk.
    pub(crate) at: u64,
}

impl Keys {
    /// What was published under `key`, if it is remembered at `now`.
    pub(crate) fn find(&self, key: &str, window: Duration, now: u64) -> Option<Known> {
        self.known.get(key).copied().filter(|known| !is_over(known.time, window, now))
    }

    pub(crate) fn insert(&mut self, key: Arc<str>, known: Known, gone: &mut Vec<u64>) {
        if let Some(before) = self.known.insert(key.clone(), known) {
            self.cost -= cost(&key);
            gone.push(before.at);
        }
        self.cost += cost(&key);
        self.by_age.push_back((key, known.at));
    }

    /// Forgets the oldest keys beyond `max_bytes`, and those that are `window` old; what lies on disk
    /// for them goes into `gone`.
    pub(crate) fn bound(
        &mut self,
        max_bytes: usize,
        window: Duration,
        now: u64,
        gone: &mut Vec<u64>,
    ) {
        while let Some((key, at)) = self.by_age.front() {
            let known = self.known.get(key).copied().filter(|known| known.at == *at);
            let stays = known
                .is_some_and(|known| self.cost <= max_bytes && !is_over(known.time, window, now));
            if stays {
                return;
            }
            if known.is_some() {
                self.known.remove(key);
                self.cost -= cost(key);
                gone.push(*at);
            }
            self.by_age.pop_front();
        }
    }

    /// Forgets the keys that lie before `born`.
    pub(crate) fn forget_before(&mut self, born: u64, gone: &mut Vec<u64>) {
        self.known.retain(|key, known| {
            let stays = born <= known.at;
            if !stays {
                self.cost -= cost(key);
                gone.push(known.at);
            }
            stays
        });
        self.by_age.retain(|&(_, at)| born <= at);
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn cost(&self) -> usize {
        self.cost
    }
}

fn cost(key: &str) -> usize {
    key.len() + OVERHEAD
}

/// A time from the future counts as now.
pub(crate) fn is_over(time: u64, window: Duration, now: u64) -> bool {
    now.checked_sub(time).is_some_and(|age| window.as_millis() <= age.into())
}

/// An allocation, a place in the map and a place in the queue.
const OVERHEAD: usize = 192;
