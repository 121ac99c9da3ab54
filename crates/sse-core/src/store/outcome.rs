use std::time::Duration;

use super::{Entry, Unavailable};
use crate::history::Position;

/// What became of something that was to be stored.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth")]
pub enum Outcome {
    /// It is safe.
    Stored(Stored),
    /// Nothing of it was stored, and nothing will be.
    Refused(Refused),
    /// It may have been stored, and may still show, once.
    Unknown(Unavailable),
}

/// What was stored.
///
/// ```
/// use sse_core::{history::Position, store::Stored};
///
/// let position = Position::parse(b"1042.k3f9x2q1").expect("well-formed");
/// let stored = Stored::new(Some(position), Vec::new()).with_duplicate();
/// ```
#[derive(Debug)]
pub struct Stored {
    pub(crate) position: Option<Position>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) is_duplicate: bool,
    pub(crate) listeners: usize,
}

impl Stored {
    /// The events `entries`. The publisher is told `position`, that of the last one.
    pub fn new(position: Option<Position>, entries: Vec<Entry>) -> Self {
        Self { position, entries, is_duplicate: false, listeners: 0 }
    }

    /// What the publisher is told.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The events.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether it was stored before, under the same key.
    pub fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }

    /// Sets how many listen in other processes.
    #[must_use]
    pub fn with_listeners(mut self, listeners: usize) -> Self {
        self.listeners = listeners;
        self
    }

    /// Says that it was stored before, under the same key, and so has no entries now.
    #[must_use]
    pub fn with_duplicate(mut self) -> Self {
        self.is_duplicate = true;
        self
    }
}

/// Why nothing was stored.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refused {
    /// The channel is finished, for so long.
    Finished {
        /// How long it takes nothing from now on.
        left: Duration,
    },
    /// Something else was stored under the same key.
    KeyReused,
    /// The store takes nothing now.
    Unavailable(Unavailable),
}
