//! What channels remember: ids that are positions, where a listener begins, and gaps.

mod config;
pub use config::History;

mod epoch;
pub use epoch::Epoch;
pub(crate) use epoch::Epochs;

mod minter;
pub use minter::EpochMinter;

mod position;
pub use position::Position;

mod resume;
pub(crate) use resume::{Kept, decide, decide_by_log};
pub use resume::{Resume, Since, SinceError, Start, Verdict};

mod gap;
pub use gap::{Gap, GapReason};
