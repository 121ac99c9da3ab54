use std::time::Instant;

use bytes::Bytes;

use super::CloseReason;

/// What a stream asks of its driver.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[non_exhaustive]
pub enum Output {
    /// Write these bytes, then poll again. They hold as many whole frames as are ready, up to
    /// [`Self::MAX_WRITE`] bytes, or a piece of a longer one.
    Write(Bytes),
    /// Nothing to write before there is news or `until` passes.
    Wait {
        /// When to poll again.
        until: Option<Instant>,
    },
    /// Close the connection. Every further poll says the same.
    Close(CloseReason),
}

impl Output {
    /// The longest write, in bytes: 16 KiB.
    ///
    /// ```
    /// assert_eq!(sse_core::channel::Output::MAX_WRITE, 16_384);
    /// ```
    // A write to a socket costs 5 to 6 µs whatever its size up to about here.
    pub const MAX_WRITE: usize = 16 << 10;
}
