use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    mem,
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

/// The least that a log on disk can do: a thread appends what waits to a file, syncs it, and tells.
pub(crate) struct Raw {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    is_there: Condvar,
    commits: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<(Vec<u8>, Done)>,
    is_shut: bool,
}

type Done = Box<dyn FnOnce() + Send>;

impl Raw {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create_new(true).append(true).open(path)?;
        let shared = Arc::new(Shared::default());
        let writer = shared.clone();
        let writer =
            thread::spawn(move || while writer.turn(&mut file).expect("the disk has room") {});
        Ok(Self { shared, writer: Some(writer) })
    }

    pub(crate) fn append(&self, event: Vec<u8>, done: Done) {
        let mut waiting = self.shared.waiting.lock().expect("no panic");
        waiting.jobs.push((event, done));
        drop(waiting);
        self.shared.is_there.notify_one();
    }

    pub(crate) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Writes what waits; whether more may come.
    fn turn(&self, file: &mut File) -> io::Result<bool> {
        let mut waiting = self.waiting.lock().expect("no panic");
        while waiting.jobs.is_empty() {
            if waiting.is_shut {
                return Ok(false);
            }
            waiting = self.is_there.wait(waiting).expect("no panic");
        }
        let jobs = mem::take(&mut waiting.jobs);
        drop(waiting);
        let mut batch = Vec::with_capacity(jobs.len() * 256);
        for (event, _) in &jobs {
            batch.extend_from_slice(&(event.len() as u64).to_le_bytes());
            batch.extend_from_slice(event);
        }
        file.write_all(&batch)?;
        file.sync_data()?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        jobs.into_iter().for_each(|(_, done)| done());
        Ok(true)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.shared.waiting.lock().expect("no panic").is_shut = true;
        self.shared.is_there.notify_one();
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the disk has room");
        }
    }
}
