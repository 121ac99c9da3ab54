use std::{mem, sync::atomic::Ordering};

use redb::{ReadableTable, Table};

use super::Writer;
use crate::{chunk::Chunk, clock, database::DbError, index::Index, record::Broken};

/// Deletes records some time after they were evicted, many at once and in the order in which they lie on disk,
/// so that each chunk is changed once.
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
    pub(super) fn next(&self, is_full: bool) -> Gone {
        let (keys, max_rewritten) = if is_full { (STEP / 32, 2) } else { (STEP, REWRITTEN) };
        Gone { keys: self.keys.iter().rev().take(keys).copied().collect(), max_rewritten }
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

/// Records that are to be deleted.
#[derive(Default)]
pub(super) struct Gone {
    /// Ascending.
    pub(super) keys: Vec<u64>,
    /// How many chunks may be rewritten for it, of which others are still wanted.
    max_rewritten: usize,
}

impl Gone {
    /// The greatest key.
    pub(super) fn last(&self) -> Option<u64> {
        self.keys.last().copied()
    }

    /// Deletes the first of them from the table; returns how many.
    pub(super) fn delete(&self, table: &mut Table<'_, u64, &[u8]>) -> Result<usize, DbError> {
        let (mut keys, mut rewritten) = (&self.keys[..], 0);
        while let Some(&next) = keys.first() {
            let holder = table.range(..=next)?.next_back().transpose()?.map(|(first, chunk)| {
                let (first, chunk) = (first.value(), chunk.value());
                (first, chunk.len(), Chunk::new(first, chunk).without(keys))
            });
            let passed = match holder {
                Some((first, _, Ok((left, passed)))) if left.is_empty() => {
                    table.remove(first)?;
                    passed
                }
                Some((first, len, Ok((left, passed)))) if left.len() < len => {
                    if rewritten == self.max_rewritten {
                        break;
                    }
                    rewritten += 1;
                    table.insert(first, left.as_slice())?;
                    passed
                }
                Some((.., Ok((_, passed)))) => passed,
                // What cannot be told from what is wanted stays.
                Some((.., Err(Broken))) | None => 0,
            };
            keys = &keys[passed.max(1)..];
        }
        Ok(self.keys.len() - keys.len())
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
/// How many chunks of 16 KiB are rewritten with one commit.
const REWRITTEN: usize = 32;
