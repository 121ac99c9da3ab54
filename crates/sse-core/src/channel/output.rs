use std::time::Instant;

use bytes::Bytes;

use super::CloseReason;

/// What a stream asks of its driver.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[non_exhaustive]
pub enum Output {
    /// Write these bytes, then poll again. They hold as many whole frames as are ready, up to 16 KiB, or
    /// a piece of a longer one.
    Write(Bytes),
    /// Nothing to write before there is news or `until` passes.
    Wait {
        /// When to poll again.
        until: Option<Instant>,
    },
    /// Close the connection. Every further poll says the same.
    Close(CloseReason),
}
