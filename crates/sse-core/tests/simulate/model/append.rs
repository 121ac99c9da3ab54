use std::{collections::BTreeMap, time::Instant};

use sse_core::channel::OnOverrun;

use super::{Cursor, Key, Model};

/// By token, how many listeners fell too far behind.
pub(crate) type Cut = BTreeMap<usize, usize>;

/// What was published.
#[derive(Debug, Default)]
pub(crate) struct New {
    /// The frames of events.
    pub(crate) events: Vec<String>,
    /// A reconnection time, in milliseconds.
    pub(crate) retry: Option<u64>,
    pub(crate) key: Option<Key>,
}

impl Model {
    /// Appends to the open channel of a token, which holds nothing that is over age.
    pub(crate) fn append(&mut self, token: usize, new: New, now: Instant) {
        let channel = self.open[token].expect("it is open");
        let settings = self.settings.clone();
        let (it, life) = self.get_mut(channel);
        let before = it.behind();
        let events = new.events.len() as u64;
        for frame in new.events {
            life.push(frame, now);
        }
        it.next += events;
        if let Some(retry) = new.retry {
            it.push_aside(format!("retry: {retry}\n\n"), now);
            it.retry = Some((retry, now));
        }
        it.used = now;
        it.newest = before;
        if let Some(history) = &settings.history {
            if let Some(key) = new.key {
                let event = (0 < events).then(|| life.top());
                it.keys.insert(Key { event, ..key }, history.max_key_bytes);
            }
            it.slide(life, history, now);
        } else {
            it.first = it.next;
        }
        self.published += events;
        self.overrun(channel);
        self.desert(channel);
        self.tidy(channel);
        self.last = Some(channel);
    }

    /// Drops the oldest frames of a channel beyond its bound, nothing of its last publication.
    pub(super) fn overrun(&mut self, channel: usize) {
        let max = self.settings.max_log;
        let new = self.channels[channel].newest;
        if max < self.unread(channel) {
            let (it, life) = self.get(channel);
            let start = it.drop_oldest(life, self.floor(channel), new, max - max / 16);
            self.fall_out(channel, start);
        }
    }

    /// Lets those fall out that had still to read what came before `start`.
    pub(super) fn fall_out(&mut self, channel: usize, start: Cursor) {
        let is_told = self.settings.on_overrun == OnOverrun::Gap;
        let mut fallen = 0;
        for place in self.places.iter_mut().filter(|place| place.channel == channel) {
            fallen += usize::from(place.fall_out(start, is_told));
        }
        if 0 < fallen {
            *self.cut.entry(self.channels[channel].token).or_default() += fallen;
        }
        self.tidy(channel);
    }
}
