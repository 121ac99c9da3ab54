use std::time::{Duration, Instant};

use super::Disconnect;

/// Where a client stands.
#[derive(Debug)]
pub(super) enum State {
    /// To begin another attempt.
    Idle,
    /// The caller's headers are awaited.
    Refreshing,
    /// To be connected.
    Ready,
    /// The head of the answer is awaited.
    Connecting,
    /// To be announced.
    Opened(Stream),
    Open(Stream),
    /// The wait is to be announced.
    Interrupted {
        until: Instant,
        after: Duration,
        because: Disconnect,
    },
    Waiting {
        until: Instant,
    },
    Stopped(Disconnect),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) opened: Instant,
    pub(super) last_input: Instant,
}
