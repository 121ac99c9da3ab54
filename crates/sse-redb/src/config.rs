use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sse_core::history::History;

use crate::index::Limits;

/// Where a [`Store`](crate::Store) lies, what its channels keep, and what it may take.
///
/// ```
/// use std::time::Duration;
/// use sse_redb::{Durability, StoreConfig};
///
/// let config = StoreConfig::new("/var/lib/events")
///     .with_durability(Durability::Relaxed(Duration::from_millis(50)))
///     .with_max_events(10_000)
///     .with_max_age(Some(Duration::from_secs(7 * 86_400)));
/// assert_eq!(config.dir().to_str(), Some("/var/lib/events"));
/// ```
#[derive(Clone, Debug)]
pub struct StoreConfig {
    dir: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) durability: Durability,
    pub(crate) max_queue_events: usize,
    pub(crate) max_queue_bytes: usize,
    pub(crate) max_file_bytes: u64,
    pub(crate) max_index_bytes: usize,
    pub(crate) cache_bytes: usize,
    pub(crate) quick_repair_bytes: u64,
}

impl StoreConfig {
    /// A store in the directory `dir`, which is made for its owner alone if it is missing.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let limits = Limits {
            max_events: 1_000,
            max_bytes: 4 << 20,
            max_age: Some(Duration::from_secs(3_600)),
            key_window: Duration::from_secs(300),
            max_key_bytes: 256 << 10,
            forget_after: Some(Duration::from_secs(86_400)),
        };
        Self {
            dir: dir.into(),
            limits,
            durability: Durability::Strict,
            max_queue_events: 8_192,
            max_queue_bytes: 16 << 20,
            max_file_bytes: u64::MAX,
            max_index_bytes: 256 << 20,
            cache_bytes: 1 << 20,
            quick_repair_bytes: 2 << 30,
        }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps what `history` says: so many events, bytes and keys of a channel, for so long.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use sse_core::{HubConfig, StringFormat, history::History};
    /// use sse_redb::{Store, StoreConfig};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let from_a_random_source = 42;
    /// let history = History::new(from_a_random_source).with_max_events(10_000);
    /// let store = Store::open(StoreConfig::new(dir.path()).with_history(&history))?;
    /// let config = HubConfig::new(StringFormat).with_history(history).with_store(Arc::new(store));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_history(mut self, history: &History) -> Self {
        self.limits.max_events = history.max_events();
        self.limits.max_bytes = history.max_bytes() as u64;
        self.limits.max_age = history.max_age();
        self.limits.key_window = history.key_window();
        self.limits.max_key_bytes = history.max_key_bytes();
        self
    }

    /// Sets when a change counts as safe. Default: [`Durability::Strict`].
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets how many events a channel keeps. Default: 1,000.
    #[must_use]
    pub fn with_max_events(mut self, max_events: usize) -> Self {
        self.limits.max_events = max_events;
        self
    }

    /// Sets how many bytes the records of the events that a channel keeps may take. Default: 4 MiB.
    ///
    /// A record is the frame, the name of the channel and some 40 bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.limits.max_bytes = max_bytes;
        self
    }

    /// Sets how long an event is kept, by the clock on the wall; `None` for as long as there is room.
    /// Default: 1 h.
    ///
    /// An event from the future is as old as one that comes now.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Option<Duration>) -> Self {
        self.limits.max_age = max_age;
        self
    }

    /// Sets how long an idempotency key is remembered. Default: 5 min.
    #[must_use]
    pub fn with_key_window(mut self, key_window: Duration) -> Self {
        self.limits.key_window = key_window;
        self
    }

    /// Sets how many bytes the idempotency keys of a channel may take in memory, 192 for each beside its own
    /// length. Beyond that the oldest are forgotten. Default: 256 KiB.
    #[must_use]
    pub fn with_max_key_bytes(mut self, max_key_bytes: usize) -> Self {
        self.limits.max_key_bytes = max_key_bytes;
        self
    }

    /// Sets for how long the last position of a channel is remembered that keeps no event; `None` for
    /// always. Default: 24 h after it was last used.
    #[must_use]
    pub fn with_forget_after(mut self, forget_after: Option<Duration>) -> Self {
        self.limits.forget_after = forget_after;
        self
    }

    /// Sets how much may wait for the writer. Default: 8,192 events and 16 MiB.
    ///
    /// Beyond either, changes are refused with [`Refused::QueueFull`](crate::Refused::QueueFull). One that
    /// finds the queue empty is always taken.
    #[must_use]
    pub fn with_max_queue(mut self, events: usize, bytes: usize) -> Self {
        (self.max_queue_events, self.max_queue_bytes) = (events, bytes);
        self
    }

    /// Sets how long the file may grow, in bytes. Default: as long as the disk allows.
    ///
    /// A file doubles when it grows, up to steps of 4 GiB, and never becomes shorter; most of what it has
    /// not written yet takes no room on the disk. A store that may not grow is full, as on a full disk.
    #[must_use]
    pub fn with_max_file_bytes(mut self, max_file_bytes: u64) -> Self {
        self.max_file_bytes = max_file_bytes;
        self
    }

    /// Sets how many bytes of memory the index may take, some 13 for each event that is kept beside what each
    /// channel costs. Default: 256 MiB.
    ///
    /// Beyond that the oldest events of all channels go.
    #[must_use]
    pub fn with_max_index_bytes(mut self, max_index_bytes: usize) -> Self {
        self.max_index_bytes = max_index_bytes;
        self
    }

    /// Sets from which length of the file on, in bytes, each commit writes down which pages are in use.
    /// Default: 2 GiB.
    ///
    /// That costs a second sync a commit. Without it that is found out when the file is opened after a crash,
    /// which takes as long as reading the file.
    #[must_use]
    pub fn with_quick_repair_bytes(mut self, quick_repair_bytes: u64) -> Self {
        self.quick_repair_bytes = quick_repair_bytes;
        self
    }

    /// Sets how many bytes of the file are held in memory. Default: 1 MiB.
    #[must_use]
    pub fn with_cache_bytes(mut self, cache_bytes: usize) -> Self {
        self.cache_bytes = cache_bytes;
        self
    }
}

/// When a change counts as safe.
///
/// ```
/// use sse_redb::Durability;
///
/// assert_eq!(Durability::default(), Durability::Strict);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// When it outlives a power cut.
    #[default]
    Strict,
    /// At once. It is on disk after this time at the latest, or as soon as 4,096 events or 4 MiB wait.
    ///
    /// What can be asked of a store does not show it before. A power cut, or a disk that is full, can take what was safe. Positions of another epoch tell so:
    /// those that were taken are given out again in a new epoch.
    Relaxed(Duration),
}
