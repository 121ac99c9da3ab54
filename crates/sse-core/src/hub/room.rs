use std::cmp::Reverse;

use super::{Hub, Overrun, cell::Cell, effects::Effects, sync::Arc};
use crate::channel::{Channel, ChannelConfig};

/// How room is made where all channels together hold too much. Each of these looks at one channel after
/// another, those first of which most is to be had, and never at all of them.
impl Hub {
    /// Does what follows from a step of `cell` that was no publication; returns who has fallen out for it.
    pub(super) fn follow(&self, cell: &Arc<Cell>, effects: Effects) -> Vec<Overrun> {
        let mut overrun = Vec::new();
        self.note(cell, effects, &mut overrun);
        self.make_room(None, &mut overrun);
        overrun
    }

    /// Does what follows from a publication on `cell`; returns who has fallen out for it.
    pub(super) fn follow_publication(&self, cell: &Arc<Cell>, effects: Effects) -> Vec<Overrun> {
        let mut overrun = Vec::new();
        self.note(cell, effects, &mut overrun);
        self.make_room(Some(cell), &mut overrun);
        overrun
    }

    /// Sees that no more is held than may be, after something was published on `last` if that is given.
    pub(super) fn make_room(&self, last: Option<&Arc<Cell>>, overrun: &mut Vec<Overrun>) {
        loop {
            // What is not remembered any more may have to be read.
            self.shrink_histories(overrun);
            // A channel whose listeners are cut may leave a tombstone, which is remembered.
            if !self.has_too_much_unread(0) || !self.cut_those_behind(last, overrun) {
                return;
            }
        }
    }

    /// Lets go of joined writes, which can be made again, and if that is not enough cuts whoever is behind
    /// on the channels with the most to be read, until an eighth of what may be held is free. The listeners
    /// of `last` have had no time to read what was just published: they come last, and those first who had
    /// not read what came before. Returns whether there was a channel to look at.
    fn cut_those_behind(&self, last: Option<&Arc<Cell>>, overrun: &mut Vec<Overrun>) -> bool {
        let config = &self.config().channel;
        let (mut was_listed, mut spared) = (false, None);
        let mut reserve = 0;
        while self.has_too_much_unread(reserve)
            && let Some((Reverse(listed), cell)) = self.shared.most_unread.pop_first()
        {
            was_listed = true;
            cell.unlist_unread(listed);
            if last.is_some_and(|last| Arc::ptr_eq(&cell, last)) {
                spared = Some(cell);
                continue;
            }
            let effects = cell.cut(|channel| {
                if channel.held().to_read() < listed {
                    // There may be others with more.
                } else if 0 < channel.held().joined {
                    channel.forget_joined();
                } else {
                    channel.cut(config);
                    reserve = self.shared.unread.max() / RESERVE;
                }
            });
            self.note(&cell, effects, overrun);
        }
        if let Some(last) = spared {
            let steps: [fn(&mut Channel, &ChannelConfig); 3] =
                [|channel, _| channel.forget_joined(), Channel::cut_older, Channel::cut];
            for step in steps {
                let effects = last.cut(|channel| {
                    if self.has_too_much_unread(0) {
                        step(channel, config);
                    }
                });
                self.note(&last, effects, overrun);
            }
        }
        was_listed
    }

    /// Halves the largest histories, again and again. Where tombstones take more than a quarter of what may
    /// be held, they go first: those of strangers must not displace what is remembered of everybody.
    fn shrink_histories(&self, overrun: &mut Vec<Overrun>) {
        while self.shared.has_too_much_history() {
            let are_tombstones_many = self.shared.history.max() / 4 < self.shared.tombstones.cost();
            if are_tombstones_many && self.shared.tombstones.remove_least() {
                continue;
            }
            if let Some((Reverse(listed), cell)) = self.shared.most_history.pop_first() {
                self.note(&cell, cell.shrink(listed), overrun);
            } else if !self.shared.tombstones.remove_least() {
                return;
            }
        }
    }

    /// Notes who has fallen out, and takes a channel out that is over.
    pub(super) fn note(&self, cell: &Arc<Cell>, effects: Effects, overrun: &mut Vec<Overrun>) {
        if 0 < effects.fallen {
            overrun.push(Overrun { token: cell.token().clone(), listeners: effects.fallen });
        }
        if effects.is_over {
            self.take_out(cell);
        }
        if effects.has_to_ask {
            self.ask_store(cell);
        }
        if effects.is_left
            && let Some(store) = self.config().store()
        {
            store.leave(cell.token());
        }
    }

    /// Whether less than `reserve` bytes are free for what is to be read.
    fn has_too_much_unread(&self, reserve: usize) -> bool {
        let held = self.shared.unread.get() + self.shared.joined.get();
        self.shared.unread.max() < held.saturating_add(reserve)
    }
}

/// When listeners are cut, one part in so many is made free.
const RESERVE: usize = 8;
