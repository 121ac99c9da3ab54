use std::{
    ops::Bound,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use redb::TableDefinition;

use super::{Writer, batch::Records, trim::Gone};
use crate::{
    Failure, Outcome, clock,
    database::{self, DbError, RECORDS},
    done::Done,
};

/// What became of a commit.
enum Written {
    Stored {
        /// How many of the records that are to be deleted are gone.
        deleted: usize,
    },
    /// Nothing of it is stored: the disk is full.
    DiskFull,
    Failed(Failure),
}

impl Writer {
    /// Commits what is staged, together with a part of what is to be deleted, and reports it.
    pub(super) fn commit(&mut self) {
        let gone = self.trim.next(self.shared.watch.is_full.load(Ordering::SeqCst));
        if self.batch.records.is_empty() && gone.keys.is_empty() {
            return self.report_all(&Written::Stored { deleted: 0 });
        }
        let (was_idle, written) = (gone.keys.is_empty(), self.attempt(&gone));
        match &written {
            Written::Stored { deleted } => {
                self.full_until = None;
                let deleted = *deleted;
                self.shared.tally.trimmed.fetch_add(deleted as u64, Ordering::Relaxed);
                self.trim.note(deleted);
                self.apply(&gone);
            }
            Written::DiskFull => {
                let until = Instant::now() + FULL_FOR;
                (self.full_until, self.next_sweep) = (Some(until), until);
                self.forget_staged(&gone);
                if was_idle {
                    // Deleting may make room; it is not tried again at once.
                    self.shared.index_mut().expire(clock::now());
                    self.begin_trim();
                }
            }
            Written::Failed(_) => self.forget_staged(&gone),
        }
        self.report_all(&written);
        if matches!(written, Written::Stored { .. }) {
            self.begin_trim();
        }
    }

    /// Finds out whether a disk that was full has room again, though nothing is to be written.
    pub(super) fn probe(&mut self) {
        match self.attempt(&Gone::default()) {
            Written::Stored { .. } => self.full_until = None,
            Written::DiskFull => {
                let now = Instant::now();
                self.full_until = Some(now + FULL_FOR);
                self.next_sweep = self.next_sweep.min(now + PROBED_EVERY);
            }
            Written::Failed(_) => {}
        }
    }

    /// Writes, and finds out what is written if that fails.
    fn attempt(&self, gone: &Gone) -> Written {
        let records = &self.batch.records;
        let (shared, begun) = (&self.shared, Instant::now());
        let result = match &*shared.database() {
            Some(database) => {
                let len = shared.watch.len.load(Ordering::Relaxed);
                let is_quick = shared.quick_repair_bytes <= len;
                // What deletes needs pages too: in a file that may not double again some are left for it.
                let is_probe = records.is_empty() && gone.keys.is_empty();
                let is_tight = is_probe || !records.is_empty() && shared.watch.max_len / 2 < len;
                change(database, (is_quick, is_tight), records, gone)
            }
            None => Err(DbError::Shut),
        };
        let error = match result {
            Err(error) => error,
            Ok(deleted) => {
                shared.watch.is_full.store(false, Ordering::SeqCst);
                shared.tally.note_commit(begun.elapsed());
                return Written::Stored { deleted };
            }
        };
        if let Some(failure) = shared.watch.failure.get() {
            return Written::Failed(failure.clone());
        }
        if !shared.watch.is_full.load(Ordering::SeqCst) {
            let failure = Failure::Database { message: error.to_string() };
            shared.watch.fail(failure.clone());
            return Written::Failed(failure);
        }
        self.reopen(records.last_key())
    }

    /// Opens the database anew after a write that failed: it takes nothing any more, and only what is there
    /// then tells whether the commit was whole.
    fn reopen(&self, newest: Option<u64>) -> Written {
        let shared = &self.shared;
        let mut database = shared.database_mut();
        *database = None;
        let opened = database::open(&shared.source, &shared.watch, shared.cache_bytes, false);
        let last = opened.and_then(|(opened, disk)| {
            let last = database::last_key(&opened)?;
            disk.perform().map_err(DbError::Io)?;
            *database = Some(opened);
            Ok(last)
        });
        drop(database);
        if let Some(failure) = shared.watch.failure.get() {
            return Written::Failed(failure.clone());
        }
        match last {
            // What it deleted besides is deleted once more.
            Ok(last) if newest.is_some() && newest == last => Written::Stored { deleted: 0 },
            _ => Written::DiskFull,
        }
    }

    /// Brings the index to what is on disk now.
    fn apply(&mut self, gone: &Gone) {
        let (events, bytes) = (self.batch.events as u64, self.batch.records.len() as u64);
        let tally = &self.shared.tally;
        tally.stored_events.fetch_add(events, Ordering::Relaxed);
        tally.stored_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.batch.apply(&mut self.shared.index_mut(), clock::now());
        self.shed();
        self.batch.restart(true, gone.last());
    }

    /// Drops what is staged. What counted as safe is lost: what comes now must not be taken for it.
    fn forget_staged(&mut self, gone: &Gone) {
        let reported =
            self.batch.waiting.iter().map(|(_, stored)| stored.events.len()).sum::<usize>();
        let lost = self.batch.events.saturating_sub(reported);
        if 0 < lost {
            self.shared.tally.lost.fetch_add(lost as u64, Ordering::Relaxed);
            self.lives.epoch = self.lives.minter.mint();
            self.lives.generation += 1;
        }
        self.trim.give_back(&mut self.shared.index_mut().gone);
        self.batch.restart(false, gone.last());
    }

    fn report_all(&mut self, written: &Written) {
        let shared = &self.shared;
        let told = self.batch.waiting.drain(..).map(|(done, stored)| {
            let outcome = match written {
                Written::Stored { .. } => Outcome::Safe(stored),
                Written::DiskFull => Outcome::Refused(shared.disk_full()),
                Written::Failed(failure) => Outcome::Unknown(failure.clone()),
            };
            (done, outcome)
        });
        Done::tell_all(told, shared);
        self.shared.wake();
    }
}

/// Stores `records`, and deletes of `gone` what it may; returns how many of those it has dealt with.
fn change(
    database: &redb::Database,
    (is_quick, is_tight): (bool, bool),
    records: &Records,
    gone: &Gone,
) -> Result<usize, DbError> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(is_quick);
    let deleted = {
        let mut table = transaction.open_table(RECORDS)?;
        if let Some((key, chunk)) = records.chunks.grown() {
            table.insert(key, chunk)?;
        }
        // The end of the table is looked for once, and its pages are filled one after the other.
        let mut end = table.upper_bound_mut(Bound::<u64>::Unbounded)?;
        for (key, chunk) in records.chunks.new_ones() {
            end.insert_before(key, chunk)?;
        }
        end.close()?;
        gone.delete(&mut table)?
    };
    if is_tight {
        let mut table = transaction.open_table(RESERVE)?;
        table.insert((), [0; RESERVED].as_slice())?;
        table.remove(())?;
    }
    transaction.commit()?;
    Ok(deleted)
}

/// What is stored here is removed in the same transaction: it only has to fit.
const RESERVE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("reserve");
/// 16 pages with what is written around it, contiguous.
const RESERVED: usize = 60 << 10;
/// For how long a full disk is not tried again.
const FULL_FOR: Duration = Duration::from_secs(1);
/// How often a full disk is looked at where nothing is published.
const PROBED_EVERY: Duration = Duration::from_secs(10);
