use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sse_core::Token;

use crate::{Append, Refused, done::Done};

/// What waits for the writer, bounded.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    is_there: Condvar,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    events: usize,
    bytes: usize,
    is_shut: bool,
}

/// A change, and the callback that is told what became of it.
pub(crate) struct Job {
    pub(crate) change: Change,
    pub(crate) done: Done,
}

pub(crate) enum Change {
    Append(Append),
    /// Gives a channel its position 0, if it has none.
    Begin(Token),
    /// Until when its name is not free, in milliseconds since 1970.
    Finish(Token, Option<u64>),
    /// Nothing: what waits is committed at once.
    Flush,
}

impl Queue {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self { max_events, max_bytes, ..Self::default() }
    }

    /// Puts a job behind the others, or gives it back with why not.
    pub(crate) fn push(&self, job: Job) -> Result<(), Box<(Job, Refused)>> {
        let (events, bytes) = job.cost();
        let mut waiting = self.lock();
        if waiting.is_shut {
            return Err(Box::new((job, Refused::Shut)));
        }
        let has_room = waiting.events + events <= self.max_events
            && waiting.bytes + bytes <= self.max_bytes
            || waiting.jobs.is_empty();
        if !has_room {
            let refused = Refused::QueueFull {
                events: waiting.events,
                bytes: waiting.bytes,
                max_events: self.max_events,
                max_bytes: self.max_bytes,
            };
            return Err(Box::new((job, refused)));
        }
        waiting.events += events;
        waiting.bytes += bytes;
        let was_empty = waiting.jobs.is_empty();
        waiting.jobs.push_back(job);
        drop(waiting);
        if was_empty {
            self.is_there.notify_one();
        }
        Ok(())
    }

    /// Moves what waits to `jobs`, up to `max_events` and `max_bytes`, and one job at least. If nothing waits until
    /// `deadline`, there is none. Returns whether more may come.
    pub(crate) fn take(
        &self,
        (max_events, max_bytes): (usize, usize),
        deadline: Instant,
        jobs: &mut Vec<Job>,
    ) -> bool {
        let mut waiting = self.lock();
        loop {
            if !waiting.jobs.is_empty() {
                waiting.take(max_events, max_bytes, jobs);
                return true;
            }
            if waiting.is_shut {
                return false;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return true;
            }
            let waited = self.is_there.wait_timeout(waiting, left);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes nothing any more; what waits is still done.
    pub(crate) fn shut(&self) {
        self.lock().is_shut = true;
        self.is_there.notify_all();
    }

    /// How many events and bytes wait.
    pub(crate) fn len(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.events, waiting.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self, max_events: usize, max_bytes: usize, to: &mut Vec<Job>) {
        let (mut events, mut bytes, mut count) = (0, 0, 0);
        for job in &self.jobs {
            let cost = job.cost();
            if 0 < count && (max_events < events + cost.0 || max_bytes < bytes + cost.1) {
                break;
            }
            events += cost.0;
            bytes += cost.1;
            count += 1;
        }
        self.events -= events;
        self.bytes -= bytes;
        to.extend(self.jobs.drain(..count));
    }
}

impl Job {
    /// What it counts in the queue: events, or one if it has none, and bytes.
    fn cost(&self) -> (usize, usize) {
        match &self.change {
            Change::Append(append) => (append.events.len().max(1), append.cost()),
            _ => (1, size_of::<Self>()),
        }
    }
}
