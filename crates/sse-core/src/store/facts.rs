use std::time::Duration;

use crate::history::{Epoch, Epochs, Position};

/// What a store knows of a channel.
///
/// ```
/// use sse_core::{history::Position, store::Facts};
///
/// let top = Position::parse(b"1042.k3f9x2q1").expect("well-formed");
/// let facts = Facts::new(top).with_first(43);
/// assert_eq!((facts.top().seq(), facts.first()), (1042, 43));
/// ```
#[derive(Clone, Debug)]
pub struct Facts {
    top: Position,
    first: u64,
    epochs: Epochs,
    retry: Option<Duration>,
    finished: Option<Duration>,
    is_taken: bool,
}

impl Facts {
    /// A channel whose newest event is at `top`, and that keeps none. Position 0 is that of a channel without
    /// events.
    pub fn new(top: Position) -> Self {
        let epochs = Epochs::new(top.epoch());
        Self {
            top,
            first: top.seq().saturating_add(1),
            epochs,
            retry: None,
            finished: None,
            is_taken: false,
        }
    }

    /// Sets the number of the oldest event that is kept.
    #[must_use]
    pub fn with_first(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// Sets which epoch begins with which event, in their order: those that are known, also of events that are not
    /// kept any more. Default: the epoch of the newest event is that of all.
    #[must_use]
    pub fn with_epochs(mut self, epochs: impl IntoIterator<Item = (u64, Epoch)>) -> Self {
        let mut epochs = epochs.into_iter();
        if let Some((begin, first)) = epochs.next() {
            self.epochs = Epochs::new(first).with_begin(begin);
            epochs.for_each(|(begin, epoch)| self.epochs.begin(begin, epoch));
        }
        self
    }

    /// Sets the channel's reconnection time.
    #[must_use]
    pub fn with_retry(mut self, retry: Option<Duration>) -> Self {
        self.retry = retry;
        self
    }

    /// Says that the channel is finished, and for how long it takes nothing.
    #[must_use]
    pub fn with_finished(mut self, left: Option<Duration>) -> Self {
        self.finished = left;
        self
    }

    /// Says that another process has the one listener that the channel may have.
    #[must_use]
    pub fn with_taken(mut self, is_taken: bool) -> Self {
        self.is_taken = is_taken;
        self
    }

    /// The position of the newest event.
    pub fn top(&self) -> Position {
        self.top
    }

    /// The number of the oldest event that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// The channel's reconnection time.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// For how long the channel takes nothing, if it is finished.
    pub fn finished(&self) -> Option<Duration> {
        self.finished
    }

    /// Whether another process has the one listener that the channel may have.
    pub fn is_taken(&self) -> bool {
        self.is_taken
    }
}
