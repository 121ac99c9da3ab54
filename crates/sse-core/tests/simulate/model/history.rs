use std::time::Instant;

use super::Model;

impl Model {
    /// What is remembered of all channels, in bytes.
    pub(crate) fn history_bytes(&self) -> usize {
        self.history_bytes_at(None)
    }

    /// The same, but for tombstones that are over age at `now`.
    pub(super) fn history_bytes_at(&self, now: Option<Instant>) -> usize {
        let open = self.open.iter().flatten().map(|&channel| {
            let (it, life) = self.get(channel);
            it.history(life)
        });
        open.sum::<usize>() + self.tombstone_bytes(now)
    }

    /// Somebody comes to the hub at `now`: what is over age goes, where the instant has come that was noted
    /// for it. Returns whether there was such a channel.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        self.last = None;
        let mut was_due = false;
        loop {
            // Those that are over are looked at too, and room is made after them.
            let due = self.live.iter().filter_map(|&channel| {
                self.channels[channel].due.filter(|&due| due <= now).map(|due| (due, channel))
            });
            let Some((_, channel)) = due.min() else { return was_due };
            was_due = true;
            self.channels[channel].due = None;
            self.forget_old_of(channel, now);
            self.note_due(channel);
        }
    }

    /// What is over age goes, of the open channel of a token.
    pub(crate) fn forget_old(&mut self, token: usize, now: Instant) {
        if let Some(channel) = self.open[token] {
            self.forget_old_of(channel, now);
        }
    }

    fn forget_old_of(&mut self, channel: usize, now: Instant) {
        let history = self.settings.history.clone();
        if let Some(history) = history.filter(|_| self.channels[channel].is_open) {
            let (it, life) = self.get_mut(channel);
            it.expire(life, &history, now);
            self.give_back(channel);
        }
    }

    /// What is not remembered any more may still have to be read.
    pub(super) fn give_back(&mut self, channel: usize) {
        self.overrun(channel);
        self.desert(channel);
        self.tidy(channel);
    }
}
