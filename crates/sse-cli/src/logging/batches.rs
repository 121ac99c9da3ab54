use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines for standard error that a thread of their own writes, many at a time.
///
/// The threads that serve only append to memory: none of them waits for the other's write.
#[derive(Clone, Debug, Default)]
pub(super) struct Batches(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Vec<u8>>,
    filled: Condvar,
    /// Held from taking lines to having written them, so that they stay in order.
    output: Mutex<()>,
}

impl Batches {
    /// Starts the thread, which ends with the process.
    pub(super) fn start() -> Self {
        let batches = Self::default();
        let writer = batches.clone();
        thread::spawn(move || writer.write_forever());
        batches
    }

    pub(super) fn flush_on_drop(self) -> Flush {
        Flush(self)
    }

    fn write_forever(&self) {
        loop {
            let lines = lock(&self.0.lines);
            let filled = self.0.filled.wait_while(lines, |lines| lines.is_empty());
            drop(filled);
            thread::sleep(DELAY);
            self.write_out();
        }
    }

    fn write_out(&self) {
        let _output = lock(&self.0.output);
        let lines = mem::take(&mut *lock(&self.0.lines));
        // Nobody is left to be told that nobody reads.
        let _unread = io::stderr().write_all(&lines);
    }
}

impl<'a> MakeWriter<'a> for Batches {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Batches {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = lock(&self.0.lines);
        let was_empty = lines.is_empty();
        lines.extend_from_slice(line);
        let is_full = MAX_BATCH <= lines.len();
        drop(lines);
        if was_empty {
            self.0.filled.notify_one();
        }
        if is_full {
            // Whoever logs faster than it can be written waits for it.
            self.write_out();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what is left when it is dropped.
#[derive(Debug)]
pub(crate) struct Flush(Batches);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.write_out();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const DELAY: Duration = Duration::from_millis(10);
const MAX_BATCH: usize = 1 << 20;
