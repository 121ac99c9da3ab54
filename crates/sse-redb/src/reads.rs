use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use sse_core::{
    Token,
    store::{Done, Entry, Page, Unavailable},
};

use crate::{
    Durability,
    done::Done as Told,
    queue::{Change, Job},
    seam,
    shared::Shared,
};

/// Pages that were asked for, bounded: some wait for a thread that reads, others for an event.
#[derive(Default)]
pub(crate) struct Reads {
    state: Mutex<State>,
    is_there: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Read>,
    /// Those that nothing is stored for yet.
    parked: Vec<Read>,
    is_shut: bool,
}

/// A page that was asked for.
pub(crate) struct Read {
    token: Token,
    after: u64,
    max_bytes: usize,
    /// Whether all that was taken before is on disk.
    is_flushed: bool,
    done: Done<Result<Page, Unavailable>>,
}

impl Read {
    pub(crate) fn new(
        token: Token,
        after: u64,
        max_bytes: usize,
        done: Done<Result<Page, Unavailable>>,
    ) -> Self {
        Self { token, after, max_bytes, is_flushed: false, done }
    }

    pub(crate) fn fail(self, why: Unavailable) {
        self.done.tell(Err(why), Instant::now());
    }
}

impl Reads {
    pub(crate) fn push(&self, read: Read) {
        let state = self.lock();
        let why = match state.waiting.len() + state.parked.len() {
            _ if state.is_shut => seam::shut(),
            MAX_READS.. => seam::too_many_reads(MAX_READS),
            _ => return self.put(state, read),
        };
        drop(state);
        read.fail(why);
    }

    /// Goes on with a page that was taken out before.
    pub(crate) fn put_back(&self, mut read: Read) {
        read.is_flushed = true;
        self.put(self.lock(), read);
    }

    fn put(&self, mut state: MutexGuard<'_, State>, read: Read) {
        state.waiting.push_back(read);
        drop(state);
        self.is_there.notify_one();
    }

    /// The next page, and whether it is too late to read it; `None` if there will be no more.
    fn take(&self) -> Option<(Read, bool)> {
        let mut state = self.lock();
        loop {
            if let Some(read) = state.waiting.pop_front() {
                return Some((read, state.is_shut));
            }
            if state.is_shut {
                return None;
            }
            state = self.is_there.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads nothing any more. The threads that read tell so to all that waits, and end.
    pub(crate) fn shut(&self) {
        let mut state = self.lock();
        state.is_shut = true;
        let State { waiting, parked, .. } = &mut *state;
        waiting.extend(parked.drain(..));
        drop(state);
        self.is_there.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Reads pages until nothing is read any more.
    pub(crate) fn read_pages(&self) {
        while let Some((read, is_late)) = self.reads.take() {
            // A callback that panics has reported it, and is no reason to leave the others without their pages.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                if is_late { read.fail(seam::shut()) } else { self.read_page(read) }
            }));
        }
    }

    fn read_page(&self, read: Read) {
        let page = match self.page(&read.token, read.after, read.max_bytes) {
            Ok(page) => page,
            Err(error) => return read.fail(seam::unreadable(&error)),
        };
        let top = page.top.map_or(0, |top| top.seq());
        let until = if page.is_last { top } else { page.after };
        if read.after < until {
            let entries = page.events.into_iter().map(|it| Entry::new(it.position, it.frame));
            let page = Page::new(until, entries.collect());
            read.done.tell(Ok(page), Instant::now());
        } else if !read.is_flushed && matches!(self.durability, Durability::Relaxed(_)) {
            self.put(Job { change: Change::Flush, done: Told::Read(read) });
        } else {
            self.park(read);
        }
    }

    /// Lets a page wait until there is something to read.
    fn park(&self, read: Read) {
        // What is stored from here on is seen by `wake`, which waits for the lock.
        let mut state = self.reads.lock();
        match self.verdict(&read) {
            None if !state.is_shut => state.parked.push(read),
            None | Some(Ok(())) => self.reads.put(state, read),
            Some(Err(why)) => {
                drop(state);
                read.fail(why);
            }
        }
    }

    /// Goes on with the pages that there is something to read for by now, or never will be.
    pub(crate) fn wake(&self) {
        let mut state = self.reads.lock();
        let State { waiting, parked, .. } = &mut *state;
        let mut hopeless = Vec::new();
        let is_over = |read: &mut Read| self.verdict(read).is_some();
        for read in parked.extract_if(.., is_over) {
            match self.verdict(&read) {
                Some(Err(why)) => hopeless.push((read, why)),
                _ => waiting.push_back(read),
            }
        }
        let is_more = !waiting.is_empty();
        drop(state);
        if is_more {
            self.reads.is_there.notify_all();
        }
        hopeless.into_iter().for_each(|(read, why)| read.fail(why));
    }

    /// Whether there is something to read, or cannot be any more.
    fn verdict(&self, read: &Read) -> Option<Result<(), Unavailable>> {
        if self.watch.failure.get().is_some() {
            return Some(Err(seam::failed()));
        }
        let index = self.index();
        let state = &index.channels.get(&read.token)?.state;
        match state.finished {
            Some(_) => Some(Err(seam::ended())),
            None => (read.after < state.top).then_some(Ok(())),
        }
    }
}

/// How many pages may wait.
const MAX_READS: usize = 8_192;
