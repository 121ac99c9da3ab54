use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::{MakeWriter, format::Writer, time::FormatTime};

use super::clock::Clock;
use crate::exit::PATIENCE;

/// Lines for standard error that a thread of their own writes, many at a time.
///
/// A thread that logs only appends to memory, and never waits: if standard error is not read, lines
/// beyond [`MAX_HELD`] are dropped and counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Batches(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// There is something to write.
    filled: Condvar,
    /// All is written.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    lines: Vec<u8>,
    /// How many came after these and found no room.
    dropped: u64,
    is_writing: bool,
    /// Nothing more will come that would be worth waiting for.
    is_last: bool,
}

impl Batches {
    /// Starts the thread, which ends with the process and lets lines gather for `delay`.
    pub(super) fn start(delay: Duration) -> Self {
        let batches = Self::default();
        let writer = batches.clone();
        thread::spawn(move || writer.write_forever(delay));
        batches
    }

    pub(super) fn flush_on_drop(self) -> Flush {
        Flush(self)
    }

    fn write_forever(&self, delay: Duration) {
        let Shared { pending, filled, emptied } = &*self.0;
        loop {
            let some = filled.wait_while(lock(pending), |pending| pending.lines.is_empty());
            let some = some.unwrap_or_else(PoisonError::into_inner);
            let enough = filled.wait_timeout_while(some, delay, |pending| !pending.is_urgent());
            let batch = enough.unwrap_or_else(PoisonError::into_inner).0.take();
            // Nobody is left to be told that nobody reads.
            let _unread = io::stderr().write_all(&batch);
            let mut pending = lock(pending);
            pending.is_writing = false;
            if pending.lines.is_empty() {
                emptied.notify_all();
            }
        }
    }

    /// Waits until all is written, but not for ever.
    fn flush(&self) {
        let mut pending = lock(&self.0.pending);
        pending.is_last = true;
        self.0.filled.notify_one();
        let is_busy = |pending: &mut Pending| pending.is_writing || !pending.lines.is_empty();
        let _unread = self.0.emptied.wait_timeout_while(pending, PATIENCE, is_busy);
    }
}

impl Pending {
    fn is_urgent(&self) -> bool {
        self.is_last || MAX_BATCH <= self.lines.len()
    }

    fn push(&mut self, line: &[u8]) {
        if MAX_HELD < self.lines.len() + line.len() {
            self.dropped += 1;
        } else {
            self.lines.extend_from_slice(line);
        }
    }

    /// What is written next. Lines are dropped only behind those that are held, so that is where it is
    /// said.
    fn take(&mut self) -> Vec<u8> {
        self.is_writing = true;
        let mut lines = mem::take(&mut self.lines);
        match mem::take(&mut self.dropped) {
            0 => (),
            1 => note(&mut lines, "1 line of the log was dropped"),
            dropped => note(&mut lines, &format!("{dropped} lines of the log were dropped")),
        }
        lines
    }
}

fn note(lines: &mut Vec<u8>, text: &str) {
    let mut time = String::new();
    // A text takes everything that is written to it.
    let _fits = Clock.format_time(&mut Writer::new(&mut time));
    lines.extend_from_slice(format!("{time}  WARN {text}\n").as_bytes());
}

impl<'a> MakeWriter<'a> for Batches {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// Takes one line with each write.
impl Write for &Batches {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut pending = lock(&self.0.pending);
        let was_empty = pending.lines.is_empty();
        pending.push(line);
        let is_news = was_empty || pending.is_urgent();
        drop(pending);
        if is_news {
            self.0.filled.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what is left when it is dropped, if anyone reads it.
#[derive(Debug)]
pub(crate) struct Flush(Batches);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.flush();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is written at once, without waiting for more.
const MAX_BATCH: usize = 256 << 10;

/// What is held for a reader that is behind; as much again is being written.
const MAX_HELD: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_bound_are_dropped_and_counted_behind_those_before() {
        for (extra, note) in [
            (0, None),
            (1, Some("  WARN 1 line of the log was dropped\n")),
            (1234, Some("  WARN 1234 lines of the log were dropped\n")),
        ] {
            let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
            let mut pending = Pending::default();
            for _ in 0..1024 + extra {
                pending.push(&line);
            }

            let taken = String::from_utf8(pending.take()).unwrap();

            assert_eq!(taken.matches('x').count(), 1023 * 1024);
            let (_, rest) = taken.split_at(MAX_HELD);
            let words = rest.get("2026-01-01T00:00:00.000000Z".len()..);
            assert_eq!(words, note, "{rest}");
            pending.push(b"next\n");
            assert_eq!(pending.take(), b"next\n", "it is counted once");
        }
    }
}
