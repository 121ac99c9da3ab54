//! What one channel is: its name, who may listen, what a listener is told, and why a stream ends.

mod token;
pub use token::{Token, TokenError};

mod mode;
pub use mode::Mode;

mod close_reason;
pub use close_reason::CloseReason;

mod on_overrun;
pub use on_overrun::OnOverrun;

mod framing;
pub use framing::Framing;

mod output;
pub use output::Output;

mod idempotency_key;
pub use idempotency_key::{IdempotencyKey, IdempotencyKeyError};

mod config;
pub(crate) use config::ChannelConfig;

mod publication;
pub(crate) use publication::{Content, Drafts, Publication, PublishedId};

mod machine;
pub(crate) use machine::{Channel, Joined, Newcomer};

mod held;
pub(crate) use held::Held;

mod publish;
pub(crate) use publish::Outcome;

mod drain;
pub(crate) use drain::Drain;

mod phase;
pub(crate) use phase::Phase;

mod tombstone;
pub(crate) use tombstone::Tombstone;

mod unsent;
pub(crate) use unsent::Unsent;

mod traffic;
pub(crate) use traffic::{LATENCIES, SIZES, Traffic};

mod turn;
pub(crate) use turn::{Ask, Planned, Turn, Written};

mod buckets;
use buckets::Buckets;

mod cursor;
use cursor::Cursor;

mod log;
use log::Log;

mod window;
use window::Window;

mod accept;
pub(crate) use accept::Accepted;

mod age;
mod behind;
mod cost;
mod in_store;
mod keys;
mod listener;
mod listeners;
mod pages;
mod poll;
mod system;
