use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::Ordering},
    time::Duration,
};

use redb::{Database, ReadableDatabase};
use sse_core::{Token, history::Position};

use crate::{
    Durability, Known, Outcome, Refused, StoreConfig,
    chunk::Chunk,
    clock::{self, from_millis},
    counts::Tally,
    database::{DbError, RECORDS, Source},
    dir::Dir,
    disk::Watch,
    index::Index,
    queue::{Job, Queue},
    reads::Reads,
    record::Record,
};

/// What the writer and those who read share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) reads: Reads,
    pub(crate) watch: Arc<Watch>,
    pub(crate) tally: Tally,
    pub(crate) source: Source,
    pub(crate) durability: Durability,
    pub(crate) cache_bytes: usize,
    pub(crate) quick_repair_bytes: u64,
    pub(crate) max_index_bytes: usize,
    /// The keys of records that could not be read.
    pub(crate) damaged: Mutex<HashSet<u64>>,
    index: RwLock<Index>,
    /// None while it could not be opened again.
    database: RwLock<Option<Database>>,
    /// Let go of after the database is closed.
    pub(crate) dir: Option<Dir>,
}

impl Shared {
    pub(crate) fn new(
        config: &StoreConfig,
        source: Source,
        watch: Arc<Watch>,
        index: Index,
        database: Database,
        dir: Option<Dir>,
    ) -> Self {
        Self {
            queue: Queue::new(config.max_queue_events, config.max_queue_bytes),
            reads: Reads::default(),
            watch,
            tally: Tally::default(),
            source,
            durability: config.durability,
            cache_bytes: config.cache_bytes,
            quick_repair_bytes: config.quick_repair_bytes,
            max_index_bytes: config.max_index_bytes,
            damaged: Mutex::default(),
            index: RwLock::new(index),
            database: RwLock::new(Some(database)),
            dir,
        }
    }

    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn database_mut(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job into the queue, unless the store has failed.
    pub(crate) fn push(&self, job: Job) -> Result<(), Box<(Job, Refused)>> {
        match self.watch.failure.get() {
            Some(failure) => Err(Box::new((job, Refused::Failed(failure.clone())))),
            None => self.queue.push(job),
        }
    }

    /// Puts a job into the queue; who waits for it is told too if that is not possible.
    pub(crate) fn put(&self, job: Job) {
        if let Err(rejected) = self.push(job) {
            let (job, refused) = *rejected;
            job.done.tell(Outcome::Refused(refused), self);
        }
    }

    /// What is on disk of `token`, by its limits at this moment.
    pub(crate) fn channel(&self, token: &Token) -> Option<Known> {
        let (index, now) = (self.index(), clock::now());
        let channel = index.channels.get(token).filter(|channel| !channel.is_over(now))?;
        let state = &channel.state;
        let first = channel.behind(0, &index.limits, now).next().map(|(place, _)| place.seq);
        Some(Known {
            top: Position::new(state.top, state.epoch()?),
            first: first.unwrap_or(state.top + 1),
            epochs: channel.epochs(),
            retry: state.retry.map(Duration::from_millis),
            finished: state.finished.map(from_millis),
            keys: channel.keys(),
        })
    }

    /// Whether `token` will be forgotten before long, unless it is noted that it is in use.
    pub(crate) fn is_stale(&self, token: &Token) -> bool {
        let (index, now) = (self.index(), clock::now());
        let channel = index.channels.get(token);
        channel.is_some_and(|channel| index.limits.is_stale(channel.state.used, now))
    }

    pub(crate) fn disk_full(&self) -> Refused {
        Refused::DiskFull { file_bytes: self.watch.len.load(Ordering::Relaxed) }
    }

    /// Whether there is room for one channel more, if it is new.
    pub(crate) fn check_room(&self, channel: &Token, index: &Index) -> Result<(), Refused> {
        let (bytes, limit) = (index.cost(), self.max_index_bytes);
        if limit < bytes && !index.channels.contains_key(channel) {
            return Err(Refused::IndexFull { bytes, limit });
        }
        Ok(())
    }

    /// Lets go of the oldest events, from the key `from` on, until the index has some room again.
    pub(crate) fn shed(&self, database: &Database, from: &mut u64) -> Result<(), DbError> {
        let enough = self.max_index_bytes / 16 * 15;
        shed(database, from, |token, key| {
            let mut index = self.index_mut();
            index.evict(token, key);
            enough < index.cost()
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let database = self.database.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // After a panic within it, it panics when it is closed too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

/// Shows each event from the key `from` on to `evict`, until it wants no more.
pub(crate) fn shed(
    database: &Database,
    from: &mut u64,
    mut evict: impl FnMut(&Token, u64) -> bool,
) -> Result<(), DbError> {
    let table = database.begin_read()?.open_table(RECORDS)?;
    let first = table.range(..=*from)?.next_back().transpose()?.map_or(*from, |it| it.0.value());
    for chunk in table.range(first..)? {
        let (key, chunk) = chunk?;
        for (key, record) in Chunk::new(key.value(), chunk.value()).map_while(Result::ok) {
            if key < *from {
                continue;
            }
            *from = key + 1;
            if let Ok(Record::Event { channel, .. }) = Record::decode(key, record)
                && let Ok(token) = Token::new(channel)
                && !evict(&token, key)
            {
                return Ok(());
            }
        }
    }
    Ok(())
}
