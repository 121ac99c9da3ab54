use std::time::{Duration, Instant};

use crate::{History, IdempotencyKey, Log, history::SeenKeys};

/// What a channel with history remembers beside its events.
#[derive(Debug)]
pub(super) struct Memory {
    max_age: Option<Duration>,
    keys: SeenKeys,
    retry: Option<(Duration, Instant)>,
    used: Instant,
}

impl Memory {
    pub(super) fn new(history: &History, now: Instant) -> Self {
        Self { max_age: history.max_age, keys: SeenKeys::new(history), retry: None, used: now }
    }

    /// The reconnection time that was last asked for.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.retry.map(|(retry, _)| retry)
    }

    /// When something was last remembered.
    pub(super) fn used(&self) -> Instant {
        self.used
    }

    /// The event that was published under `key`; within is none for what is no event.
    pub(super) fn find(&self, key: &IdempotencyKey) -> Option<Option<u64>> {
        self.keys.find(key)
    }

    pub(super) fn remember(
        &mut self,
        retry: Option<Duration>,
        key: Option<&IdempotencyKey>,
        event: Option<u64>,
        now: Instant,
    ) {
        self.used = now;
        if let Some(retry) = retry {
            self.retry = Some((retry, now));
        }
        if let Some(key) = key {
            self.keys.insert(key.clone(), event, now);
        }
    }

    pub(super) fn cost(&self) -> usize {
        self.keys.cost()
    }

    /// What remembering `key` would add to the cost.
    pub(super) fn growth(&self, key: &IdempotencyKey) -> usize {
        self.keys.growth(key)
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.keys.expire(now);
        let is_over =
            |at| self.max_age.is_some_and(|max_age| max_age <= now.saturating_duration_since(at));
        if self.retry.is_some_and(|(_, at)| is_over(at)) {
            self.retry = None;
        }
    }

    /// Whether there is anything to remember, in `log` too; with `now`, that is not over age.
    pub(super) fn is_needed(&self, log: &Log, now: Option<Instant>) -> bool {
        self.retry.is_some() || !self.keys.is_empty() || log.is_remembering(now)
    }

    /// When nothing will be needed any more, unless something is for ever.
    pub(super) fn deadline(&self, log: &Log) -> Option<Instant> {
        let retry = self.retry.map(|(_, at)| self.max_age.and_then(|age| at.checked_add(age)));
        let events = log.is_remembering(None).then(|| log.deadline());
        let keys = (!self.keys.is_empty()).then(|| self.keys.deadline());
        let mut last = None;
        for deadline in [retry, events, keys].into_iter().flatten() {
            last = last.max(Some(deadline?));
        }
        last
    }
}
