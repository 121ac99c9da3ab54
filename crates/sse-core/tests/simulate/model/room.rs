use super::{Cursor, Model};
use crate::{after::After, settings::ROOMY};

/// Where there is too much, the hub takes from the channels that hold most, which it knows within a factor
/// of two. The model looks for a way of right steps that leads to where the hub is.
impl Model {
    /// Lets the older halves of what is remembered go, and then tombstones, until it fits; then cuts all who
    /// are behind on some channels, until an eighth of what may be held is free. Returns whether there is
    /// a way; if not, nothing has changed.
    pub(crate) fn make_room(&mut self, after: &After<'_>) -> bool {
        let before = self.save();
        let is_found = self.find_halves(after);
        if !is_found {
            self.restore(before);
        }
        is_found
    }

    /// Whether more is held than may be.
    pub(crate) fn has_too_much(&self) -> bool {
        let may_have = self.settings.max_total < ROOMY || self.settings.max_history < ROOMY;
        may_have && (self.has_too_much_history() || self.settings.max_total < self.to_read())
    }

    pub(crate) fn has_too_much_history(&self) -> bool {
        self.settings.max_history < self.history_bytes()
    }

    /// Whether the model holds what the hub does.
    pub(crate) fn is_as(&self, after: &After<'_>) -> bool {
        let history = self.history_bytes_at(after.has_expired.then_some(after.now));
        let bytes = (history, self.unread_bytes(), self.joined_bytes());
        let counts = &after.counts;
        bytes == (counts.history_bytes, counts.unread_bytes, counts.joined_bytes)
            && self.cut == *after.cut
            && (0..self.open.len()).all(|token| self.is_seen(token, after))
            && (!self.may_ask(after)
                || self.open.iter().flatten().all(|&channel| self.begins_as(channel, after)))
    }

    /// Whether nothing else comes of it if the hub is asked.
    fn may_ask(&self, after: &After<'_>) -> bool {
        let mut due = self.live.iter().filter_map(|&channel| self.channels[channel].due);
        self.to_read() <= self.settings.max_total && due.all(|due| after.now < due)
    }

    /// Whether a channel's first event is the one that the hub has, unless it would forget something if it
    /// were asked.
    fn begins_as(&self, channel: usize, after: &After<'_>) -> bool {
        let (it, life) = self.get(channel);
        let is_young = |history| it.is_young(life, history, after.now);
        !self.settings.history.as_ref().is_some_and(is_young)
            || after.first(it.token).is_none_or(|first| first == it.first)
    }

    fn find_halves(&mut self, after: &After<'_>) -> bool {
        if !self.has_too_much_history() {
            return self.find_first_cut(after);
        }
        let cost = |&channel: &usize| {
            let (it, life) = self.get(channel);
            (it.history(life), channel)
        };
        let mut candidates = largest(self.open.iter().flatten().map(cost).collect(), 0);
        let are_tombstones_many = self.settings.max_history / 4 < self.tombstone_bytes(None);
        if are_tombstones_many || candidates.is_empty() {
            return self.try_each(self.least_tombstones(), |model, token| {
                model.tombstones[token] = None;
                model.find_halves(after)
            });
        }
        // Those first that are not yet as the hub has them.
        candidates.sort_by_key(|&channel| self.is_seen(self.channels[channel].token, after));
        self.try_each(candidates, |model, channel| {
            let (it, life) = model.get_mut(channel);
            it.halve(life);
            model.give_back(channel);
            model.note_due(channel);
            model.find_halves(after)
        })
    }

    fn find_first_cut(&mut self, after: &After<'_>) -> bool {
        if self.settings.max_total < self.to_read() {
            self.find_cuts(after, 0)
        } else {
            self.is_as(after)
        }
    }

    /// Lets joined writes go, and if that is not enough cuts, until `reserve` bytes are free.
    fn find_cuts(&mut self, after: &After<'_>, reserve: usize) -> bool {
        let max = self.settings.max_total;
        // Less is not looked for: each has a listener, and all of them hold half of the bound at most.
        let least = max / 2 / self.settings.max_listeners;
        let mut candidates = Vec::new();
        if max - reserve < self.to_read() {
            let others = self.live.iter().filter(|&&channel| Some(channel) != self.last);
            let sizes = others.map(|&channel| (self.to_read_of(channel), channel)).collect();
            candidates = largest(sizes, least);
        }
        if candidates.is_empty() {
            if let Some(last) = self.last.filter(|&last| least < self.to_read_of(last)) {
                self.cut_last(last);
            }
            return if self.has_too_much_history() {
                self.find_halves(after)
            } else {
                self.is_as(after)
            };
        }
        candidates.retain(|&channel| {
            let token = self.channels[channel].token;
            0 < self.channels[channel].joined_len()
                || self.unread(channel) == 0
                // Whoever is written to is not told yet.
                || self.readers(channel).any(|place| place.is_in_flight)
                || self.cut.get(&token) < after.cut.get(&token)
        });
        self.try_each(candidates, |model, channel| {
            if 0 < model.channels[channel].joined_len() {
                model.channels[channel].joined = [None, None];
                model.tidy(channel);
                return model.find_cuts(after, reserve);
            }
            model.cut_before(channel, model.channels[channel].remembered());
            model.find_cuts(after, max / 8)
        })
    }

    /// What was just published to comes last, and only as much as is needed of it.
    fn cut_last(&mut self, last: usize) {
        let is_too_much = |model: &Self| model.settings.max_total < model.to_read();
        if is_too_much(self) {
            self.channels[last].joined = [None, None];
            self.tidy(last);
        }
        if is_too_much(self) {
            let (it, life) = self.get(last);
            let start = it.drop_oldest(life, self.floor(last), it.newest, 0);
            self.cut_before(last, start);
        }
        if is_too_much(self) {
            self.cut_before(last, self.channels[last].remembered());
        }
    }

    fn cut_before(&mut self, channel: usize, start: Cursor) {
        self.fall_out(channel, start);
        self.desert(channel);
        self.tidy(channel);
        self.note_due(channel);
    }

    fn try_each(
        &mut self,
        candidates: Vec<usize>,
        is_right: impl Fn(&mut Self, usize) -> bool,
    ) -> bool {
        let is_choice = 1 < candidates.len();
        candidates.into_iter().any(|candidate| {
            let before = is_choice.then(|| self.save());
            let is_found = is_right(self, candidate);
            if let Some(before) = before.filter(|_| !is_found) {
                self.restore(before);
            }
            is_found
        })
    }

    /// Whether the channel of a token holds as much as in the hub.
    fn is_seen(&self, token: usize, after: &After<'_>) -> bool {
        let held = self.open[token].map(|channel| {
            let (it, life) = self.get(channel);
            (self.held_events(token).unwrap_or(0), self.to_read_of(channel), it.history(life))
        });
        held == after.held(token)
    }

    /// What is held of a channel because somebody has still to read it, its joined write too.
    fn to_read_of(&self, channel: usize) -> usize {
        self.unread(channel) + self.channels[channel].joined_len()
    }

    fn to_read(&self) -> usize {
        self.unread_bytes() + self.joined_bytes()
    }
}

/// Those within a factor of two of the largest that are larger than `least`.
fn largest(sizes: Vec<(usize, usize)>, least: usize) -> Vec<usize> {
    let largest = sizes.iter().map(|&(size, _)| size).max().unwrap_or(0);
    let sizes = sizes.into_iter().filter(|&(size, _)| least < size && largest <= 2 * size);
    sizes.map(|(_, channel)| channel).collect()
}
