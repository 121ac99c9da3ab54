//! Histories of server-sent events that outlive the process: a [`Store`] keeps the events of channels, with
//! their positions, in one file.
//!
//! | what | where |
//! |---|---|
//! | open, store, read, back up | [`Store`], with its [`StoreConfig`] |
//! | what is stored, and what became of it | [`Append`], [`Outcome`] |
//! | look at a file that nobody has open | [`check`], [`compact`], [`salvage`] |
//!
//! A hub takes it as a [`sse_core::store::Store`].
//!
//! What was reported as safe is there after the process is killed or the power fails. What was refused is not
//! there, and never will be. A file that is damaged, of another version or in use is refused and not changed.
//!
//! The file is a `redb` database. All records lie one behind the other, whatever their channel, so that a commit
//! writes few pages, and an index in memory says where each channel's events are. What the limits do not
//! allow any more is gone at once from all that can be asked, and is deleted later, much at a time.

mod append;
pub use append::{Append, Outcome, Refused, Stored, StoredEvent};

mod check;
pub use check::{ChannelReport, Report, check};

mod config;
pub use config::{Durability, StoreConfig};

mod copy;
pub use copy::{Compacted, CopyError, compact, salvage};

mod counts;
pub use counts::{CommitTimes, Counts};

mod disk;
pub use disk::Failure;

mod open;
pub use open::OpenError;

mod page;
pub use page::{Page, PageError};

mod store;
pub use store::{Known, Store};

mod chunk;
mod clock;
mod database;
mod dir;
mod done;
mod index;
mod queue;
mod reads;
mod record;
mod seam;
mod shared;
mod writer;
