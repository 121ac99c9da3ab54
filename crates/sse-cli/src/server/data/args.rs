use std::path::PathBuf;

use clap::{ArgGroup, ValueHint};

use super::durability::DurabilityArg;
use crate::bounded;

/// Where histories outlive the process.
#[derive(Debug, clap::Args)]
// With one of many alone, what needs --data-dir would be taken with --redis.
#[command(next_help_heading = "Data directory", group = ArgGroup::new(HISTORIES).multiple(true))]
pub(in crate::server) struct DataArgs {
    /// Keep histories in the directory DIR, so that they outlive the server; it is made, for its owner alone, if it
    /// is missing. Needs --history, and what --history, --history-bytes, --history-age, --key-window and --key-bytes
    /// say holds for what is kept there. One server at a time uses a directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, group = HISTORIES)]
    pub(super) data_dir: Option<PathBuf>,

    /// When an event is delivered and its POST answered. `strict`: once it is on disk; `relaxed:MS`: at once, and it
    /// is on disk after at most MS milliseconds, 1 to 60000. The end of the server loses nothing either way. A power
    /// cut can take what is not on disk, and clients that had it are then told
    #[arg(long, value_name = "WHEN", default_value = "strict", requires = "data_dir")]
    pub(super) durability: DurabilityArg,

    /// Limit on the length of the file in the directory, 1048576 to 1125899906842624 bytes. A file doubles when it
    /// grows, so it may stay at half of this; it never becomes shorter by itself. Beyond it a POST gets 503 until
    /// limits and times have made room [default: as long as the disk allows]
    #[arg(long, value_name = "BYTES", requires = "data_dir")]
    #[arg(value_parser = bounded::file, allow_hyphen_values = true)]
    pub(super) max_data_bytes: Option<u64>,

    /// Memory for histories with --data-dir or --redis, 1048576 to 1099511627776 bytes. With --redis all of it holds the
    /// newest events; what is older is read from there. With --data-dir one half does. The other is for the index, which
    /// takes some 13 for each event on disk and some 300 for each channel; if that is full, the oldest events of all
    /// channels are forgotten [default: 268435456]
    #[arg(long, value_name = "BYTES", requires = HISTORIES)]
    #[arg(value_parser = bounded::history_memory, allow_hyphen_values = true)]
    pub(super) history_memory: Option<usize>,

    /// Read all that is in the directory of --data-dir, print how many events each channel has, which are its first
    /// and its last, and what is damaged, and exit without serving: with 0 if all is sound, with 1 if not. Changes
    /// nothing
    #[arg(long, group = TASK, requires = "data_dir")]
    pub(super) check: bool,

    /// Copy what the directory of --data-dir holds at this moment to FILE, where no file may be, and exit without
    /// serving. If a server uses the directory, it makes the copy and goes on. To use a copy, put it into a directory
    /// as `history.redb`
    #[arg(long, value_name = "FILE", group = TASK, requires = "data_dir")]
    pub(super) backup: Option<PathBuf>,

    /// Make the file in the directory of --data-dir as short as it can be, and exit without serving
    #[arg(long, group = TASK, requires = "data_dir")]
    pub(super) compact: bool,

    /// Make a new file of what can be read of a damaged one in the directory of --data-dir, print what is lost, and
    /// exit without serving. The damaged file is kept as `history.redb.damaged`
    #[arg(long, group = TASK, requires = "data_dir")]
    pub(super) salvage: bool,
}

impl DataArgs {
    pub(in crate::server) fn has_dir(&self) -> bool {
        self.data_dir.is_some()
    }

    /// What the histories that outlive the process may take in memory, in bytes.
    pub(in crate::server) fn history_memory(&self) -> usize {
        self.history_memory.unwrap_or(DEFAULT_MEMORY)
    }
}

/// Options that say where histories outlive the process.
pub(in crate::server) const HISTORIES: &str = "histories";

/// Options of which one alone can be given: each says what to do instead of serving.
pub(in crate::server) const TASK: &str = "task";

const DEFAULT_MEMORY: usize = 256 << 20;
