use std::{
    fmt, io,
    path::Path,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use redb::{ReadableDatabase, StorageBackend};
use sse_core::{
    Token,
    history::{Epoch, Position},
};

use crate::{
    Append, CopyError, Counts, Failure, OpenError, Outcome, Page, PageError, Refused, StoreConfig,
    clock::{self, to_millis},
    copy,
    database::Source,
    dir::Dir,
    disk::Watch,
    done::Done,
    open::{self, Found},
    queue::{Change, Job},
    shared::Shared,
    writer::Writer,
};

/// The histories of channels in a file that one process has open.
///
/// What is to be stored waits in a bounded queue for the one thread that writes. It takes what is there, gives
/// each event its position, commits all of it at once, and then calls the `done` of each change, in the order
/// of the commits: on that thread, so `done` must neither block nor panic. A change that was taken is carried
/// through, even if nobody waits for its outcome any more. When a store is dropped, what waits is still stored
/// and reported before `drop` returns, so it must not be dropped under a lock that a `done` takes. A `done` that
/// drops it waits for nothing: then the file is closed a little later.
///
/// A hub takes it as a [`sse_core::store::Store`]. The pages that it asks for are read by two threads of the
/// store, and at most 8,192 may wait.
///
/// ```
/// use std::sync::mpsc;
/// use sse_core::{Event, Token, wire::Frame};
/// use sse_redb::{Append, Outcome, Store, StoreConfig};
///
/// # let dir = tempfile::tempdir()?;
/// let (store, token) = (Store::open(StoreConfig::new(dir.path()))?, Token::new("42")?);
/// let (tell, told) = mpsc::channel();
/// let append = Append::new(token.clone()).with_frame(Event::data("21.5").into());
/// store.append(append, move |outcome| tell.send(outcome).unwrap_or_default())?;
///
/// let Outcome::Safe(stored) = told.recv()? else { panic!("the disk has room") };
/// assert_eq!(stored.position.map(|position| position.seq()), Some(1));
/// drop(store);
///
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// assert_eq!(store.page(&token, 0, 1 << 20)?.events, stored.events);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    /// The one that writes and those that read.
    threads: Vec<JoinHandle<()>>,
}

/// What a store knows of a channel.
///
/// ```
/// # use sse_core::Token;
/// # use sse_redb::{Store, StoreConfig};
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// assert_eq!(store.channel(&Token::new("42")?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// The position of its newest event, or 0 with the epoch of its life.
    pub top: Position,
    /// The number of the oldest event that is kept, or the one behind `top`.
    pub first: u64,
    /// Which epoch begins with which event: those of all events that are kept, and the last 16 of all.
    pub epochs: Vec<(u64, Epoch)>,
    /// After how long listeners should come back.
    pub retry: Option<Duration>,
    /// Until when the channel is finished.
    pub finished: Option<SystemTime>,
    /// How many idempotency keys are remembered.
    pub keys: usize,
}

impl Store {
    /// Opens the store in the directory of `config`, or makes a new one there.
    ///
    /// All of it is read once, to know what is there: some 2 million events a second.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing was changed then.
    pub fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let dir = Dir::make(config.dir())?;
        dir.make_file()?;
        let file = dir.file();
        let source = open::source(&file)?;
        Self::start(&config, &file, source, Some(dir))
    }

    /// Opens the store that lies on what `source` opens, such as a device or memory; nothing is looked for in
    /// the directory of `config`. After the disk was full `source` is called again, for the same bytes.
    ///
    /// ```
    /// use sse_redb::{Store, StoreConfig};
    ///
    /// let in_memory = || Ok(Box::new(redb::backends::InMemoryBackend::new()) as _);
    /// let store = Store::open_on(StoreConfig::new("memory"), in_memory)?;
    /// assert_eq!(store.counts().channels, 0);
    /// # Ok::<(), sse_redb::OpenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Self::open`].
    pub fn open_on(
        config: StoreConfig,
        source: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        Self::start(&config, config.dir(), Arc::new(source), None)
    }

    fn start(
        config: &StoreConfig,
        path: &Path,
        source: Source,
        dir: Option<Dir>,
    ) -> Result<Self, OpenError> {
        let max_len = config.max_file_bytes;
        let watch = Arc::new(Watch { max_len, ..Watch::default() });
        let found = open::read(config, path, &source, &watch)?.whole(path)?;
        let Found { database, disk, index, last_epoch, last_key, .. } = found;
        let minter = clock::minter(last_epoch);
        disk.perform().map_err(open::io_error(path))?;
        open::describe(&database, minter.last()).map_err(|error| open::open_error(path, error))?;
        disk.len().map_err(open::io_error(path))?;
        let shared = Arc::new(Shared::new(config, source, watch, index, database, dir));
        let next_key = last_key.map_or(0, |key| key + 1);
        let writer = Writer::new(shared.clone(), minter, next_key);
        let mut store = Self { shared, threads: Vec::new() };
        store.spawn("history", || writer.run()).map_err(open::io_error(path))?;
        for _ in 0..READERS {
            let shared = store.shared.clone();
            let spawned = store.spawn("history-reader", move || shared.read_pages());
            spawned.map_err(open::io_error(path))?;
        }
        Ok(store)
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = thread::Builder::new().name(name.into());
        self.threads.push(thread.spawn(run)?);
        Ok(())
    }

    /// Stores a publication; `done` is told what became of it.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it was not taken; `done` is not called then.
    pub fn append(
        &self,
        append: Append,
        done: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<(), Refused> {
        self.push(Change::Append(append), done)
    }

    /// Gives `channel` position 0, if it has no position yet: a client that listens on a silent channel can
    /// then prove that it has missed nothing. Stored anew now and then while it is called, so that a channel
    /// in use is not forgotten.
    ///
    /// # Errors
    ///
    /// See [`Self::append`].
    pub fn begin(
        &self,
        channel: Token,
        done: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<(), Refused> {
        self.push(Change::Begin(channel), done)
    }

    /// Ends the life of `channel`: its events and keys go, and until `until` it takes nothing more. What
    /// comes then begins a new life. Without `until` that may be at once.
    ///
    /// # Errors
    ///
    /// See [`Self::append`].
    pub fn finish(
        &self,
        channel: Token,
        until: Option<SystemTime>,
        done: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<(), Refused> {
        self.push(Change::Finish(channel, until.map(to_millis)), done)
    }

    /// Puts all that was taken before on the disk, also with
    /// [`Durability::Relaxed`](crate::Durability::Relaxed); `done` is told when it is there.
    ///
    /// # Errors
    ///
    /// See [`Self::append`].
    pub fn flush(&self, done: impl FnOnce(Outcome) + Send + 'static) -> Result<(), Refused> {
        self.push(Change::Flush, done)
    }

    fn push(
        &self,
        change: Change,
        done: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<(), Refused> {
        let job = Job { change, done: Done::Caller(Box::new(done)) };
        self.shared.push(job).map_err(|rejected| rejected.1)
    }

    /// What is known of `channel`, if anything is: what is on disk, by its limits at this moment.
    pub fn channel(&self, channel: &Token) -> Option<Known> {
        self.shared.channel(channel)
    }

    /// The channels that something is known of, in no order.
    pub fn channels(&self) -> Vec<Token> {
        let (index, now) = (self.shared.index(), clock::now());
        let channels = index.channels.iter().filter(|(_, channel)| !channel.is_over(now));
        channels.map(|(token, _)| token.clone()).collect()
    }

    /// The events of `channel` behind the number `after`, of at most `max_bytes`, but one at least. Blocks
    /// until they are read.
    ///
    /// # Errors
    ///
    /// [`PageError`]; a single event that cannot be read is a hole in the page instead.
    pub fn page(&self, channel: &Token, after: u64, max_bytes: usize) -> Result<Page, PageError> {
        self.shared.page(channel, after, max_bytes)
    }

    /// Writes a copy of all that is stored at this moment to `path`, where no file may be, while the store goes
    /// on. Blocks until it is on disk. A copy is put in the place of `history.redb` to be used.
    ///
    /// # Errors
    ///
    /// [`CopyError`]; what was written of the copy is removed then.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<(), CopyError> {
        let path = path.as_ref();
        // Nobody waits for the copy: what is there at this moment stays readable.
        let moment = self.shared.database().as_ref().map(|database| database.begin_read());
        let moment = moment
            .ok_or(CopyError::DiskFull)?
            .map_err(|error| CopyError::Failed { path: path.into(), message: error.to_string() })?;
        copy::backup(&moment, path)
    }

    /// Why nothing is stored any more, if that is so. Only opening the store anew helps.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.watch.failure.get().cloned()
    }

    /// Whether the disk was full when something was last written; it is tried again.
    pub fn is_full(&self) -> bool {
        self.shared.watch.is_full.load(Ordering::SeqCst)
    }

    /// How many records could not be read since the start.
    pub fn damage(&self) -> usize {
        self.shared.damaged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What it does and takes.
    pub fn counts(&self) -> Counts {
        let Shared { queue, watch, tally, .. } = &*self.shared;
        let (queue_events, queue_bytes) = queue.len();
        let index = self.shared.index();
        Counts {
            channels: index.channels.len(),
            kept_events: index.events(),
            queue_events,
            queue_bytes,
            stored_events: tally.stored_events.load(Ordering::Relaxed),
            stored_bytes: tally.stored_bytes.load(Ordering::Relaxed),
            trimmed: tally.trimmed.load(Ordering::Relaxed),
            to_trim: index.gone.len(),
            lost: tally.lost.load(Ordering::Relaxed),
            damaged: self.damage() as u64,
            file_bytes: watch.len.load(Ordering::Relaxed),
            index_bytes: index.cost(),
            commits: tally.commits(),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shared.queue.shut();
        let this = thread::current().id();
        // A callback may let go of the store: all of its threads end soon, and the last one closes the database.
        if self.threads.iter().any(|thread| thread.thread().id() == this) {
            return;
        }
        for thread in self.threads.drain(..) {
            // It reports its own panics.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.shared.dir).finish_non_exhaustive()
    }
}

/// One that a slow disk holds up must not hold up all.
const READERS: usize = 2;
