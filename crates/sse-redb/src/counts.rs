use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a [`Store`](crate::Store) does and takes, to be shown to operators.
///
/// ```
/// # use sse_redb::{Store, StoreConfig};
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(dir.path()))?;
/// let counts = store.counts();
/// assert_eq!((counts.kept_events, counts.stored_events), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Channels that something is known of.
    pub channels: usize,
    /// Events that are kept.
    pub kept_events: usize,
    /// Events that wait for the writer.
    pub queue_events: usize,
    /// Bytes that wait for the writer.
    pub queue_bytes: usize,
    /// Events that were stored since the start.
    pub stored_events: u64,
    /// The bytes of their records.
    pub stored_bytes: u64,
    /// Records that were deleted since the start, because limits or times did not allow them any more.
    pub trimmed: u64,
    /// Records that are to be deleted, and are not shown any more.
    pub to_trim: usize,
    /// Events that counted as safe and were lost, with [`Durability::Relaxed`](crate::Durability::Relaxed).
    pub lost: u64,
    /// Records that could not be read since the start.
    pub damaged: u64,
    /// The length of the file in bytes, of which not all takes room on the disk.
    pub file_bytes: u64,
    /// The memory that the index takes, in bytes.
    pub index_bytes: usize,
    /// How long commits took.
    pub commits: CommitTimes,
}

/// How long commits took: a histogram.
///
/// ```
/// use sse_redb::CommitTimes;
///
/// let times = CommitTimes::default();
/// assert_eq!((times.count(), times.buckets().count()), (0, 14));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommitTimes {
    counts: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl CommitTimes {
    /// How many commits there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest time of each bucket, and how many commits fall into it; the last has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        let bounds = BOUNDS.iter().map(|&bound| Some(Duration::from_micros(bound)));
        bounds.chain([None]).zip(self.counts.iter().copied())
    }
}

/// What the writer counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) stored_events: AtomicU64,
    pub(crate) stored_bytes: AtomicU64,
    pub(crate) trimmed: AtomicU64,
    pub(crate) lost: AtomicU64,
    commits: [AtomicU64; BOUNDS.len() + 1],
    commit_micros: AtomicU64,
}

impl Tally {
    pub(crate) fn note_commit(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|&bound| bound < micros);
        self.commits[bucket].fetch_add(1, Ordering::Relaxed);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn commits(&self) -> CommitTimes {
        let counts = self.commits.each_ref().map(|count| count.load(Ordering::Relaxed));
        let sum = Duration::from_micros(self.commit_micros.load(Ordering::Relaxed));
        CommitTimes { counts, sum }
    }
}

/// In microseconds.
const BOUNDS: [u64; 13] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000,
];
