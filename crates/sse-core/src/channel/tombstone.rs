use std::time::Instant;

use crate::history::Epochs;

/// What a channel leaves behind.
#[derive(Clone, Debug)]
pub(crate) enum Tombstone {
    /// It was forgotten, and its next life goes on from here: a client that stands at the last position
    /// has missed nothing.
    Forgotten { next: u64, epochs: Epochs },
    /// It was finished, and its token is kept for a while, or for ever.
    Closed { until: Option<Instant> },
}
