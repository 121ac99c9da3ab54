//! Histories in the Redis of `--redis`, which many servers share.

mod args;
pub(super) use args::RedisArgs;

mod store;
pub(super) use store::{Redis, Trouble, Unheard};

mod guard;
mod wait;

use std::{fs, io, path::PathBuf, time::Duration};

use clap::ValueEnum;
use sse_core::history::History;
use sse_redis::RedisConfig as StoreConfig;

use super::args::Args;
use crate::exit::Failure;

/// What the arguments about Redis mean.
#[derive(Clone, Debug)]
pub(super) struct RedisConfig {
    store: StoreConfig,
    log_bytes: usize,
}

impl RedisConfig {
    /// `None` if histories are not to be kept in Redis.
    pub(super) fn new(args: &Args) -> Result<Option<Self>, Failure> {
        let Some(url) = &args.redis.redis else {
            return Ok(None);
        };
        if args.data.has_dir() {
            return Err(Failure::usage(
                "--redis cannot be used with --data-dir: histories are kept in one of them",
            ));
        }
        if args.history == 0 {
            return Err(Failure::usage(
                "--redis needs --history: without it there is nothing to keep",
            ));
        }
        if args.max_history_bytes.is_some() {
            return Err(Failure::usage(
                "--max-history-bytes is not for --redis, where --history-memory limits the memory of this server",
            ));
        }
        if args.key_bytes.is_some() {
            return Err(Failure::usage(
                "--key-bytes is not for --redis, where --key-window alone says how long keys are remembered",
            ));
        }
        let max_age = (!args.history_age.is_zero()).then_some(args.history_age);
        let mut history = History::new(0)
            .with_max_events(args.history as usize)
            .with_max_bytes(args.history_bytes)
            .with_max_age(max_age);
        if let Some(window) = args.key_window {
            history = history.with_key_window(window);
        }
        // Twice: as long after its last event is gone as that was there.
        let forget_after = max_age.map_or(FORGET_AFTER, |age| (2 * age).max(LEAST_FORGET_AFTER));
        let mode = args.mode.to_possible_value().expect("every mode can be typed");
        let mut store = StoreConfig::new(url)
            .with_prefix(&args.redis.redis_prefix)
            .with_history(&history)
            .with_forget_after(Some(forget_after))
            .with_setting("mode", mode.get_name());
        if let Some(file) = &args.redis.redis_ca {
            let unread = |source| UnreadError { file: file.clone(), source };
            let pem = fs::read(file).map_err(|source| Failure::usage(unread(source)))?;
            store = store.with_root_certificates(pem);
        }
        store.check().map_err(Failure::usage)?;
        Ok(Some(Self { store, log_bytes: args.data.history_memory() }))
    }

    /// What the newest events of all channels may take in memory, in bytes.
    pub(super) fn log_bytes(&self) -> usize {
        self.log_bytes
    }
}

#[derive(Debug, thiserror::Error)]
#[error("--redis-ca: cannot read {}", file.display())]
struct UnreadError {
    file: PathBuf,
    source: io::Error,
}

/// Servers say every few minutes which channels are in use.
const LEAST_FORGET_AFTER: Duration = Duration::from_secs(3_600);

/// Where events are kept for ever, this is for channels that never had one.
const FORGET_AFTER: Duration = Duration::from_secs(86_400);
