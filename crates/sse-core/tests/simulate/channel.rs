use std::time::{Duration, Instant};

use crate::settings::Remembered;

/// Everything that was ever published to one token, life by life.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    pub(crate) lives: Vec<Life>,
    /// Whether the last of the lives goes on.
    pub(crate) is_alive: bool,
    /// Until then it stays closed.
    pub(crate) ended_until: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Empty without history.
    pub(crate) epoch: String,
    pub(crate) events: Vec<Published>,
    pub(crate) retry: Option<(u64, Instant)>,
    /// Oldest first, with the number of the event.
    pub(crate) keys: Vec<(String, Option<u64>, Instant)>,
}

#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) id: String,
    pub(crate) data: String,
    pub(crate) at: Instant,
}

impl Published {
    /// What the log says that it costs.
    fn cost(&self) -> usize {
        frame_len(&self.id, &self.data) + 96
    }
}

/// The frame of an event.
fn frame_len(id: &str, data: &str) -> usize {
    format!("event: ping\ndata: {data}\nid: {id}\n\n").len()
}

impl Life {
    pub(crate) fn top(&self) -> u64 {
        self.events.len() as u64
    }

    /// How many of the newest events are promised to be kept at `now`.
    pub(crate) fn promised(&self, history: &Remembered, now: Instant) -> u64 {
        let mut bytes = 0;
        let newest = self.events.iter().rev().take(history.max_events);
        let promised = newest.take_while(|event| {
            bytes += event.cost();
            let is_young = history.max_age.is_none_or(|age| now - event.at < age);
            bytes <= history.max_bytes && is_young
        });
        promised.count() as u64
    }

    /// Whether something is remembered that is not over age.
    pub(crate) fn is_remembered(&self, history: &Remembered, now: Instant) -> bool {
        let is_young = |at: Instant| history.max_age.is_none_or(|age| now - at < age);
        self.events.last().is_some_and(|event| is_young(event.at))
            || self.retry.is_some_and(|(_, at)| is_young(at))
            || self.newest_keys(history).any(|key| now - key.2 < history.key_window)
    }

    /// The publication that was made under `key`, if it is still known.
    pub(crate) fn known(
        &self,
        key: &str,
        history: &Remembered,
        now: Instant,
    ) -> Option<Option<u64>> {
        let mut newest = self.newest_keys(history);
        let known = newest.find(|(name, _, at)| name == key && now - *at < history.key_window);
        known.map(|&(_, event, _)| event)
    }

    fn newest_keys(
        &self,
        history: &Remembered,
    ) -> impl Iterator<Item = &(String, Option<u64>, Instant)> {
        self.keys.iter().rev().take(history.max_keys)
    }
}

impl Channel {
    pub(crate) fn life(&self) -> Option<&Life> {
        self.lives.last().filter(|_| self.is_alive)
    }

    pub(crate) fn life_mut(&mut self) -> &mut Life {
        self.lives.last_mut().unwrap()
    }

    pub(crate) fn begin(&mut self, epoch: String) {
        self.lives.push(Life { epoch, ..Life::default() });
        self.is_alive = true;
    }

    pub(crate) fn end(&mut self, ttl: Option<Duration>, now: Instant) {
        self.is_alive = false;
        self.ended_until = ttl.map(|ttl| now + ttl);
    }

    pub(crate) fn is_ended(&self, now: Instant) -> bool {
        !self.is_alive && self.ended_until.is_some_and(|until| now < until)
    }
}
