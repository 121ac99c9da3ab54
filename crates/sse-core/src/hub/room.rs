use std::cmp::Reverse;

use super::{
    Hub, Overrun,
    cell::{Cell, Effects},
    sync::Arc,
};

/// How room is made where all channels together hold too much. Each of these looks at one channel after
/// another, those first of which most is to be had, and never at all of them.
impl Hub {
    /// Does what follows from a step of `cell`; notes in `overrun` who has fallen out.
    pub(super) fn follow(&self, cell: &Arc<Cell>, effects: Effects, overrun: &mut Vec<Overrun>) {
        self.note(cell, effects, overrun);
        self.make_room(cell, overrun);
    }

    /// Sees that no more is held than may be, after something was done on `last`.
    pub(super) fn make_room(&self, last: &Arc<Cell>, overrun: &mut Vec<Overrun>) {
        loop {
            // What is not remembered any more may have to be read.
            self.shrink_histories(overrun);
            // A channel whose listeners are cut may leave a tombstone, which is remembered.
            if !self.has_too_much_unread(0) || !self.cut_those_behind(last, overrun) {
                return;
            }
        }
    }

    /// Cuts whoever is behind on the channels with the most to be read, until an eighth of what may be
    /// held is free. The listeners of `last`, which was just published to, have had no time to read it:
    /// they come last. Returns whether there was a channel to look at.
    fn cut_those_behind(&self, last: &Arc<Cell>, overrun: &mut Vec<Overrun>) -> bool {
        let (mut was_listed, mut is_last_listed) = (false, false);
        let reserve = self.shared.unread.max() / RESERVE;
        while self.has_too_much_unread(reserve)
            && let Some((Reverse(listed), cell)) = self.shared.most_unread.pop_first()
        {
            was_listed = true;
            if Arc::ptr_eq(&cell, last) {
                is_last_listed = true;
            } else {
                self.note(&cell, cell.cut(listed), overrun);
            }
        }
        if is_last_listed {
            let listed = if self.has_too_much_unread(0) { 0 } else { usize::MAX };
            self.note(last, last.cut(listed), overrun);
        }
        was_listed
    }

    /// Halves the largest histories, again and again, then lets tombstones go.
    fn shrink_histories(&self, overrun: &mut Vec<Overrun>) {
        while self.shared.has_too_much_history() {
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
            self.bury(cell);
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
