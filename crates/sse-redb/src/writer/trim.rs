use std::{mem, sync::atomic::Ordering};

use super::Writer;
use crate::{clock, index::Index};

/// Deletes records some time after they were evicted, many at once and in the order in which they lie on disk,
/// so that each page is changed once.
#[derive(Default)]
pub(super) struct Trim {
    /// Descending, so that the end is next.
    keys: Vec<u64>,
    /// The key before which no event of any channel has been looked for to make room in the index.
    shed: u64,
}

impl Trim {
    pub(super) fn is_under_way(&self) -> bool {
        !self.keys.is_empty()
    }

    /// What the next commit should delete: little on a disk that has hardly any room.
    pub(super) fn next(&self, is_full: bool) -> Vec<u64> {
        let step = if is_full { STEP / 32 } else { STEP };
        self.keys.iter().rev().take(step).copied().collect()
    }

    /// That the first `count` are deleted.
    pub(super) fn note(&mut self, count: usize) {
        self.keys.truncate(self.keys.len() - count.min(self.keys.len()));
    }

    /// Deletes nothing for now.
    pub(super) fn give_back(&mut self, gone: &mut Vec<u64>) {
        gone.append(&mut self.keys);
    }
}

impl Writer {
    /// Begins to delete, if there is enough to do. The states of channels whose last event goes are staged,
    /// for the commit that deletes the first of them.
    pub(super) fn begin_trim(&mut self) {
        let shared = self.shared.clone();
        let mut index = shared.index_mut();
        let is_full = shared.watch.is_full.load(Ordering::SeqCst);
        let enough = if is_full { 1 } else { enough(&index) };
        if self.trim.is_under_way() || index.gone.len() < enough {
            return;
        }
        index.forget(clock::now());
        let unsaved: Vec<_> = index
            .channels
            .iter()
            .filter(|(_, channel)| channel.is_unsaved())
            .map(|(token, _)| token.clone())
            .collect();
        let mut keys = mem::take(&mut index.gone);
        for token in unsaved {
            self.batch.save(&token, &index);
        }
        drop(index);
        keys.sort_unstable_by(|one, other| other.cmp(one));
        self.trim.keys = keys;
    }

    /// Lets go of the oldest events of all channels, until the index is as small as it must be.
    pub(super) fn shed(&mut self) {
        let shared = &self.shared;
        if shared.index().cost() <= shared.max_index_bytes {
            return;
        }
        if let Some(database) = &*shared.database() {
            // What cannot be read now is met again when it is served.
            let _ = shared.shed(database, &mut self.trim.shed);
        }
    }
}

/// How much is worth a round: a quarter of all, but not for a handful.
fn enough(index: &Index) -> usize {
    ((index.events() + index.channels.len()) / 4).clamp(1_000, 100_000)
}

/// How many are deleted with one commit, so that those who wait for it wait no longer than a few milliseconds.
const STEP: usize = 4_096;
