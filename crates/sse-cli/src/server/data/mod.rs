//! Histories on disk: the directory of `--data-dir`, while it is served and while it is not.

mod args;
pub(super) use args::{DataArgs, HISTORIES, TASK};

mod guard;

mod open;
pub(super) use open::{Data, Trouble};

mod control;

mod copies;
pub(super) use copies::{Copied, CopyFailed};

mod task;
pub(super) use task::Task;

mod durability;
mod problem;

use std::time::Duration;

use sse_redb::StoreConfig;

use super::args::Args;
use crate::exit::Failure;

/// What the arguments about the data directory mean.
#[derive(Clone, Debug)]
pub(super) struct DataConfig {
    store: StoreConfig,
    log_bytes: usize,
}

impl DataConfig {
    /// `None` if histories are to be kept in memory alone.
    pub(super) fn new(args: &Args) -> Result<Option<Self>, Failure> {
        let Some(dir) = &args.data.data_dir else {
            return Ok(None);
        };
        if args.history == 0 {
            return Err(Failure::usage(
                "--data-dir needs --history: without it there is nothing to keep",
            ));
        }
        if args.max_history_bytes.is_some() {
            return Err(Failure::usage(
                "--max-history-bytes is not for --data-dir, where --history-memory limits the memory and \
                 --max-data-bytes the file",
            ));
        }
        let memory = args.data.history_memory();
        let max_age = (!args.history_age.is_zero()).then_some(args.history_age);
        // Twice: as long after its last event is gone as that was there.
        let forget_after = max_age.map_or(FORGET_AFTER, |age| (2 * age).max(LEAST_FORGET_AFTER));
        let mut store = StoreConfig::new(dir)
            .with_durability(args.data.durability.0)
            .with_max_events(args.history as usize)
            .with_max_bytes(args.history_bytes as u64)
            .with_max_age(max_age)
            .with_forget_after(Some(forget_after))
            .with_max_file_bytes(args.data.max_data_bytes.unwrap_or(u64::MAX))
            .with_max_index_bytes(memory / 2);
        if let Some(window) = args.key_window {
            store = store.with_key_window(window);
        }
        if let Some(bytes) = args.key_bytes {
            store = store.with_max_key_bytes(bytes);
        }
        Ok(Some(Self { store, log_bytes: memory - memory / 2 }))
    }

    /// What the newest events of all channels may take in memory, in bytes.
    pub(super) fn log_bytes(&self) -> usize {
        self.log_bytes
    }
}

/// The hub says every 10 min which channels are in use, and half of this has to pass before the store takes note.
const LEAST_FORGET_AFTER: Duration = Duration::from_secs(3_600);

/// Where events are kept for ever, this is for channels that never had one.
const FORGET_AFTER: Duration = Duration::from_secs(86_400);
