use std::sync::Arc;

use crate::StartError;

/// Whether Redis can be used.
///
/// ```
/// use sse_redis::Status;
///
/// let status = Status::Away { reason: "connection refused".into() };
/// assert!(!status.is_ready());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// It cannot be reached, or takes nothing now. It is tried again.
    Away {
        /// Why, as far as it is known.
        reason: Arc<str>,
    },
    /// All that was missed has been asked for, and what is published is stored.
    Ready,
    /// It is not tried again.
    Failed(StartError),
}

impl Status {
    /// Whether what is published is stored.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}
