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
    clock::{self, Minter, from_millis},
    copy,
    database::Source,
    dir::Dir,
    disk::Watch,
    index::Channel,
    open::{self, Found},
    queue::{Change, Done, Job},
    shared::Shared,
    writer::Writer,
};

/// The histories of channels in a file that one process has open.
///
/// What is to be stored waits in a bounded queue for the one thread that writes. It takes what is there, gives
/// each event its position, commits all of it at once, and then calls the `done` of each change, in the order
/// of the commits: on that thread, so `done` must not block, panic or drop the store. A change that was
/// taken is carried through, even if nobody waits for its outcome any more. When a store is dropped, what waits is
/// still stored.
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
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    dir: Option<Dir>,
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
    /// Which epoch begins with which event, the last 16 of them, those of events that are not kept too.
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
        let minter = Minter::new(last_epoch);
        disk.perform().map_err(open::io_error(path))?;
        open::describe(&database, minter.last()).map_err(|error| open::open_error(path, error))?;
        disk.len().map_err(open::io_error(path))?;
        let shared = Arc::new(Shared::new(config, source, watch, index, database));
        let next_key = last_key.map_or(0, |key| key + 1);
        let writer = Writer::new(shared.clone(), minter, next_key);
        let writer = thread::Builder::new()
            .name("history".into())
            .spawn(|| writer.run())
            .map_err(open::io_error(path))?;
        Ok(Self { shared, writer: Some(writer), dir })
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
        self.push(Change::Append(append), Box::new(done))
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
        self.push(Change::Begin(channel), Box::new(done))
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
        self.push(Change::Finish(channel, until), Box::new(done))
    }

    /// Puts all that was taken before on the disk, also with
    /// [`Durability::Relaxed`](crate::Durability::Relaxed); `done` is told when it is there.
    ///
    /// # Errors
    ///
    /// See [`Self::append`].
    pub fn flush(&self, done: impl FnOnce(Outcome) + Send + 'static) -> Result<(), Refused> {
        self.push(Change::Flush, Box::new(done))
    }

    fn push(&self, change: Change, done: Done) -> Result<(), Refused> {
        if let Some(failure) = self.failure() {
            return Err(Refused::Failed(failure));
        }
        self.shared.queue.push(Job { change, done })
    }

    /// What is known of `channel`, if anything is: what is on disk, by its limits at this moment.
    pub fn channel(&self, channel: &Token) -> Option<Known> {
        let (index, now) = (self.shared.index(), clock::now());
        let found = index.channels.get(channel)?;
        known(found, |seq| found.next(seq, &index.limits, now).map(|(place, _)| place.seq), now)
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
        if let Some(writer) = self.writer.take() {
            // It reports its own panics.
            let _ = writer.join();
        }
        // The directory is free once the database is closed.
        *self.shared.database_mut() = None;
        self.dir = None;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn known(channel: &Channel, next: impl Fn(u64) -> Option<u64>, now: u64) -> Option<Known> {
    if channel.is_over(now) {
        return None;
    }
    let state = &channel.state;
    Some(Known {
        top: crate::record::position(state.top, state.epoch()?),
        first: next(0).unwrap_or(state.top + 1),
        epochs: state.ranges.clone(),
        retry: state.retry.map(Duration::from_millis),
        finished: state.finished.map(from_millis),
        keys: channel.keys(),
    })
}
