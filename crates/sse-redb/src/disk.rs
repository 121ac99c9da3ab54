use std::{
    fmt, io,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

/// What a database lies on, with a look at what fails below it.
///
/// At first nothing is changed below: what opening a database would write, to repair it after a crash, is
/// only remembered, and written by [`Disk::perform`] once all was found in order. After a failure that is
/// no full disk, nothing is written any more: what a failed sync has lost cannot be known.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Shared>);

struct Shared {
    below: Box<dyn StorageBackend>,
    watch: Arc<Watch>,
    is_rehearsal: AtomicBool,
    rehearsed: Mutex<Vec<Operation>>,
}

/// What the writer has to know of the disk.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) max_len: u64,
    pub(crate) is_full: AtomicBool,
    pub(crate) failure: OnceLock<Failure>,
    pub(crate) len: AtomicU64,
}

/// Why a store takes nothing any more.
///
/// What was reported as safe is on disk. Whether what was not reported is there shows when the store is
/// opened anew.
///
/// ```
/// # use sse_redb::{Store, StoreConfig};
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// assert_eq!(store.failure(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The disk reported an error.
    #[error(
        "the disk failed to {operation} the history: {message}; end the server and check the disk"
    )]
    Disk {
        /// What it should have done: `read`, `write`, `grow` or `sync`.
        operation: &'static str,
        /// What it said.
        message: String,
    },
    /// The database reported an error of its own.
    #[error("the history cannot be written: {message}; end the server and check the file")]
    Database {
        /// What it said.
        message: String,
    },
    /// The thread that writes has panicked, or a callback that it called.
    #[error("the thread that writes the history has panicked; end the server")]
    Panicked,
}

enum Operation {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

impl Disk {
    pub(crate) fn new(below: Box<dyn StorageBackend>, watch: Arc<Watch>) -> Self {
        Self(Arc::new(Shared {
            below,
            watch,
            is_rehearsal: AtomicBool::new(true),
            rehearsed: Mutex::default(),
        }))
    }

    /// Does what was only remembered until now, and all that follows at once.
    pub(crate) fn perform(&self) -> io::Result<()> {
        let mut rehearsed = self.rehearsed();
        self.0.is_rehearsal.store(false, Ordering::SeqCst);
        for operation in rehearsed.drain(..) {
            match operation {
                Operation::Write(offset, data) => self.write(offset, &data)?,
                Operation::SetLen(len) => self.set_len(len)?,
                Operation::Sync => self.sync_data()?,
            }
        }
        Ok(())
    }

    fn rehearsed(&self) -> MutexGuard<'_, Vec<Operation>> {
        self.0.rehearsed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_rehearsal(&self) -> bool {
        self.0.is_rehearsal.load(Ordering::SeqCst)
    }

    /// Does `operation` below, unless it failed before, and takes note of a failure.
    fn watched<T>(
        &self,
        name: &'static str,
        operation: impl FnOnce(&dyn StorageBackend) -> io::Result<T>,
    ) -> io::Result<T> {
        let Shared { below, watch, .. } = &*self.0;
        if let Some(failure) = watch.failure.get() {
            return Err(io::Error::other(failure.clone()));
        }
        operation(&**below).inspect_err(|error| watch.note(name, error))
    }

    /// Reads what would be there if all that was remembered were done.
    fn read_rehearsed(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (len, below) = (self.len()?, self.0.below.len()?);
        let end = offset + out.len() as u64;
        if len < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.fill(0);
        let there = below.saturating_sub(offset).min(out.len() as u64) as usize;
        self.0.below.read(offset, &mut out[..there])?;
        for operation in &*self.rehearsed() {
            match operation {
                Operation::Write(at, data) => {
                    let from = offset.max(*at);
                    let to = end.min(at + data.len() as u64);
                    if from < to {
                        let data = &data[(from - at) as usize..(to - at) as usize];
                        out[(from - offset) as usize..(to - offset) as usize].copy_from_slice(data);
                    }
                }
                Operation::SetLen(len) => {
                    out[len.saturating_sub(offset).min(end - offset) as usize..].fill(0);
                }
                Operation::Sync => {}
            }
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let len = self.0.below.len()?;
        if !self.is_rehearsal() {
            self.0.watch.len.store(len, Ordering::Relaxed);
            return Ok(len);
        }
        let lens = |len: u64, operation: &Operation| match operation {
            Operation::Write(offset, data) => len.max(offset + data.len() as u64),
            Operation::SetLen(len) => *len,
            Operation::Sync => len,
        };
        Ok(self.rehearsed().iter().fold(len, lens))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_rehearsal() {
            return self.read_rehearsed(offset, out);
        }
        self.0.below.read(offset, out).inspect_err(|error| self.0.watch.note("read", error))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_rehearsal() {
            self.rehearsed().push(Operation::SetLen(len));
            return Ok(());
        }
        self.watched("grow", |below| {
            if self.0.watch.max_len < len && below.len()? < len {
                return Err(io::ErrorKind::StorageFull.into());
            }
            below.set_len(len)
        })?;
        self.0.watch.len.store(len, Ordering::Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_rehearsal() {
            self.rehearsed().push(Operation::Sync);
            return Ok(());
        }
        self.watched(SYNC, |below| below.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_rehearsal() {
            self.rehearsed().push(Operation::Write(offset, data.to_vec()));
            return Ok(());
        }
        self.watched("write", |below| below.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.0.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.query_lock_range(start, end)
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Disk").field(&self.0.below).finish()
    }
}

impl Watch {
    /// A disk without room is the one that recovers, unless it finds out while it syncs.
    fn note(&self, operation: &'static str, error: &io::Error) {
        let is_full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if is_full && operation != SYNC {
            self.is_full.store(true, Ordering::SeqCst);
        } else {
            self.fail(Failure::Disk { operation, message: error.to_string() });
        }
    }

    pub(crate) fn fail(&self, failure: Failure) {
        // The first failure is the cause of those that follow.
        let _ = self.failure.set(failure);
    }
}

const SYNC: &str = "sync";
