use std::{
    fmt, mem,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::sleep,
    time::{Duration, Instant},
};

use sse_core::Token;
use sse_redb::{Counts, Failure as StoreFailure, Outcome, Refused, Store};
use tokio::{runtime::Runtime, sync::Semaphore};

use super::{
    DataConfig,
    problem::{Problem, without_panics},
};
use crate::{exit::Failure, server::readiness};

/// The histories of the directory of `--data-dir`, which this process uses.
#[derive(Debug)]
pub(in crate::server) struct Data {
    pub(super) store: Arc<Store>,
    pub(super) dir: PathBuf,
    /// What makes a copy; one is made at a time.
    pub(super) copier: Arc<Semaphore>,
}

impl Data {
    /// Reads all that is there.
    pub(in crate::server) fn open(config: &DataConfig) -> Result<Arc<Self>, Failure> {
        readiness::opening();
        let (begun, dir) = (Instant::now(), config.store.dir().to_owned());
        let store = without_panics(|| Store::open(config.store.clone()));
        let store = store.map_err(|error| Failure::failed(Problem(error)))?;
        let Counts { channels, kept_events, file_bytes, index_bytes, .. } = store.counts();
        let took_ms = begun.elapsed().as_millis() as u64;
        tracing::info!(
            dir = %dir.display(), channels, events = kept_events, file_bytes, index_bytes, took_ms,
            "history opened"
        );
        let copier = Arc::new(Semaphore::new(1));
        Ok(Arc::new(Self { store: Arc::new(store), dir, copier }))
    }

    /// What a hub keeps its histories in.
    pub(in crate::server) fn store(&self) -> Arc<dyn sse_core::store::Store> {
        self.store.clone()
    }

    /// Whether something is known of `channel`.
    pub(in crate::server) fn has(&self, channel: &Token) -> bool {
        self.store.channel(channel).is_some()
    }

    pub(in crate::server) fn counts(&self) -> Counts {
        self.store.counts()
    }

    /// What is wrong now, if anything is.
    pub(in crate::server) fn trouble(&self) -> Option<Trouble> {
        if let Some(failure) = self.store.failure() {
            return Some(Trouble::Failed(failure));
        }
        if self.store.is_full() {
            return Some(Trouble::Full { file_bytes: self.counts().file_bytes });
        }
        let records = self.store.damage();
        (0 < records).then_some(Trouble::Damaged { records })
    }

    /// Waits until all that was accepted is on disk, but no longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + patience;
        loop {
            let (tell, told) = mpsc::channel();
            let asked = self.store.flush(move |outcome| tell.send(outcome).unwrap_or_default());
            match asked {
                Ok(()) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let outcome = told.recv_timeout(left).map_err(|_| late(patience))?;
                    return failure_of(outcome).map_or(Ok(()), |failure| Err(failed(failure)));
                }
                Err(Refused::Failed(failure)) => return Err(failed(failure)),
                Err(Refused::QueueFull { .. }) if Instant::now() < deadline => {
                    sleep(BETWEEN_TRIES);
                }
                Err(_) => return Err(late(patience)),
            }
        }
    }

    /// Ends what runs, and closes the file behind it: what was acknowledged is on disk then.
    pub(in crate::server) fn end(
        self: Arc<Self>,
        runtime: Runtime,
        outcome: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let patience = if outcome.is_ok() { PATIENCE } else { SHORT_PATIENCE };
        let flushed = self.flush(patience);
        Self::forget_socket(&self.dir);
        // Who holds the store is gone with it, unless something hangs.
        runtime.shutdown_timeout(SHORT_PATIENCE);
        match flushed {
            Ok(()) => self.close(),
            // To close it would wait for a disk that does not answer, or that failed.
            Err(_) => mem::forget(self),
        }
        outcome.and(flushed)
    }

    fn close(self: Arc<Self>) {
        if let Some(Self { store, dir, .. }) = Arc::into_inner(self)
            && let Some(store) = Arc::into_inner(store)
        {
            drop(store);
            tracing::info!(dir = %dir.display(), "history closed");
        }
    }
}

/// Why something could not be stored for good. A full disk is no such reason: nothing is acknowledged while it is full.
fn failure_of(outcome: Outcome) -> Option<StoreFailure> {
    match outcome {
        Outcome::Unknown(failure) | Outcome::Refused(Refused::Failed(failure)) => Some(failure),
        Outcome::Safe(_) | Outcome::Refused(_) => None,
    }
}

fn failed(failure: StoreFailure) -> Failure {
    Failure::failed(Trouble::Failed(failure))
}

fn late(patience: Duration) -> Failure {
    let seconds = patience.as_secs();
    Failure::failed(format!(
        "the history was not stored within {seconds} s: the disk does not answer"
    ))
}

/// Why histories are not as whole as they should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::server) enum Trouble {
    /// Nothing is stored any more.
    Failed(StoreFailure),
    Full {
        file_bytes: u64,
    },
    Damaged {
        records: usize,
    },
}

impl Trouble {
    pub(in crate::server) const NAMES: [&str; 3] = ["failed", "full", "damaged"];

    /// One word for it, of [`Self::NAMES`].
    pub(in crate::server) fn name(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Full { .. } => "full",
            Self::Damaged { .. } => "damaged",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Full { file_bytes } => write!(
                f,
                "the disk is full, or the history's file of {file_bytes} bytes may not grow (--max-data-bytes)"
            ),
            Self::Damaged { records } => write!(
                f,
                "{records} of the history's records cannot be read; end the server, and --check says what is lost"
            ),
        }
    }
}

impl std::error::Error for Trouble {}

const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// How long the end of the process waits for the disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same where something has failed already, or a second signal came.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
