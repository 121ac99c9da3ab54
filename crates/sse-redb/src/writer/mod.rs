//! The one thread that writes.

mod batch;
mod commit;
mod trim;

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use sse_core::history::EpochMinter;

use self::{
    batch::{Batch, Lives},
    trim::Trim,
};
use crate::{
    Durability, Failure, Outcome, Refused, Stored, clock,
    done::Done,
    queue::{Change, Job},
    shared::Shared,
};

/// Takes what waits, stages it, commits it, and reports it. What comes meanwhile makes up the next commit.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    lives: Lives,
    batch: Batch,
    trim: Trim,
    next_sweep: Instant,
    /// Until when a full disk is not tried again.
    full_until: Option<Instant>,
    is_flush: bool,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, mut minter: EpochMinter, next_key: u64) -> Self {
        let epoch = minter.mint();
        let next_sweep = Instant::now() + shared.index().limits.sweep();
        Self {
            shared,
            lives: Lives { minter, epoch, generation: 1 },
            batch: Batch::new(next_key),
            trim: Trim::default(),
            next_sweep,
            full_until: None,
            is_flush: false,
        }
    }

    /// Writes until the queue is shut and empty.
    pub(crate) fn run(mut self) {
        let shared = self.shared.clone();
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            shared.watch.fail(Failure::Panicked);
            for (done, _) in self.batch.waiting.drain(..) {
                done.tell(Outcome::Unknown(Failure::Panicked), &shared);
            }
            let mut jobs = Vec::new();
            while shared.queue.take((1, 0), Instant::now() + PATIENCE, &mut jobs) {
                for job in jobs.drain(..) {
                    job.done.tell(Outcome::Refused(Refused::Failed(Failure::Panicked)), &shared);
                }
            }
        }
        shared.reads.shut();
    }

    fn serve(&mut self) {
        let (shared, mut jobs) = (self.shared.clone(), Vec::new());
        while shared.queue.take((BATCH_EVENTS, BATCH_BYTES), self.deadline(), &mut jobs) {
            let is_idle = jobs.is_empty();
            for job in jobs.drain(..) {
                self.stage(job);
            }
            if self.is_due() || is_idle && self.trim.is_under_way() {
                self.commit();
            }
            if self.next_sweep <= Instant::now() {
                self.sweep();
            }
        }
        self.commit();
    }

    /// Looks at channels that nothing happens on: what they keep becomes too old all the same.
    fn sweep(&mut self) {
        // What is staged stands on channels that may be forgotten now.
        self.commit();
        let mut index = self.shared.index_mut();
        self.next_sweep = Instant::now() + index.limits.sweep();
        index.expire(clock::now());
        index.forget(clock::now());
        drop(index);
        self.begin_trim();
        let is_full = self.shared.watch.is_full.load(Ordering::SeqCst);
        if is_full && !self.trim.is_under_way() && !self.is_known_full() {
            self.probe();
        }
    }

    /// Whether the disk was full a moment ago.
    fn is_known_full(&self) -> bool {
        self.full_until.is_some_and(|until| Instant::now() < until)
    }

    /// When there is something to do, if nothing comes before.
    fn deadline(&self) -> Instant {
        if self.trim.is_under_way() && self.shared.watch.failure.get().is_none() {
            return Instant::now();
        }
        let due = self.batch.since.zip(self.delay()).map(|(since, delay)| since + delay);
        due.map_or(self.next_sweep, |due| due.min(self.next_sweep))
    }

    /// How long what counts as safe may wait for the disk; a full disk is not trusted.
    fn delay(&self) -> Option<Duration> {
        let is_full = self.shared.watch.is_full.load(Ordering::SeqCst);
        match self.shared.durability {
            Durability::Relaxed(delay) if !is_full => Some(delay),
            _ => None,
        }
    }

    fn is_due(&mut self) -> bool {
        let is_large =
            RELAXED_EVENTS <= self.batch.events || RELAXED_BYTES <= self.batch.records.len();
        let delay = self.delay();
        let is_over =
            self.batch.since.is_none_or(|since| delay.is_none_or(|delay| delay <= since.elapsed()));
        mem::take(&mut self.is_flush) || is_large || is_over
    }

    fn stage(&mut self, job: Job) {
        let Job { change, done } = job;
        let shared = self.shared.clone();
        if let Done::Opened(channel, _) = &done
            && self.batch.is_changed(channel)
        {
            // A hub is told all that is known of a channel, and that is what is on disk.
            self.commit();
        }
        if let Some(failure) = shared.watch.failure.get() {
            return done.tell(Outcome::Refused(Refused::Failed(failure.clone())), &shared);
        }
        if self.is_known_full() {
            return done.tell(Outcome::Refused(shared.disk_full()), &shared);
        }
        let (index, now) = (shared.index(), clock::now());
        let Self { batch, lives, .. } = self;
        let staged = match change {
            Change::Flush => {
                self.is_flush = true;
                return self.report(done, Stored::default(), true);
            }
            Change::Append(append) => shared
                .check_room(&append.channel, &index)
                .and_then(|()| batch.append(append, lives, &index, now)),
            Change::Begin(channel) => shared
                .check_room(&channel, &index)
                .and_then(|()| batch.mark(&channel, lives, &index, now)),
            Change::Finish(channel, until) => batch.finish(&channel, until, lives, &index, now),
        };
        drop(index);
        match staged {
            Ok(stored) => self.report(done, stored, false),
            Err(refused) => done.tell(Outcome::Refused(refused), &shared),
        }
    }

    /// Says that it is safe, once it counts as safe.
    fn report(&mut self, done: Done, stored: Stored, must_wait: bool) {
        if self.delay().is_none() || must_wait {
            self.batch.waiting.push((done, stored));
        } else {
            done.tell(Outcome::Safe(stored), &self.shared);
        }
    }
}

const BATCH_EVENTS: usize = 512;
const BATCH_BYTES: usize = 1 << 20;
const RELAXED_EVENTS: usize = 4_096;
const RELAXED_BYTES: usize = 4 << 20;
/// How long a writer that only refuses waits at once.
const PATIENCE: Duration = Duration::from_secs(30);
