/// Why a stream ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The channel, or the stream that the events came from, was finished; everything before was
    /// written.
    Finished,
    /// The hub is shutting down; everything published before was written.
    Shutdown,
    /// The grant that the listener came with has ended; what was published before was written.
    Expired,
    /// The grant that the listener came with was revoked.
    Revoked,
    /// Another listener took the channel over; what was published before was written.
    Replaced,
    /// The channel's log dropped frames that this listener had not read.
    Overrun {
        /// How many events were missed.
        missed: u64,
    },
    /// The stream that the events of an [`EventBuffer`](crate::response::EventBuffer) came from has failed, and what
    /// came before was written; or the [store](crate::store) of the channel's history has lost something, or cannot
    /// be read.
    Failed,
}

impl CloseReason {
    /// Whether everything that was for the listener has been written. Otherwise the connection is to be broken, so
    /// that its client sees that something is missing.
    ///
    /// ```
    /// use sse_core::channel::CloseReason;
    ///
    /// assert!(CloseReason::Finished.is_clean());
    /// assert!(!CloseReason::Overrun { missed: 1 }.is_clean());
    /// ```
    pub fn is_clean(self) -> bool {
        !matches!(self, Self::Overrun { .. } | Self::Failed)
    }
}
