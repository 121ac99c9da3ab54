use std::time::{Duration, Instant};

use crate::history::{Epoch, Epochs, History, Kept, Position};

/// Which events of a log are remembered: the newest, as many as all bounds allow.
///
/// It begins at `first` and always ends where the log does. Which epoch each position has belonged to is
/// known for those before it too, which is what proves to a client that stands right before `first` that
/// it has missed nothing.
#[derive(Debug)]
pub(super) struct Window {
    max_events: usize,
    max_bytes: usize,
    max_age: Option<Duration>,
    epochs: Epochs,
    first: u64,
    cost: usize,
}

impl Window {
    /// A window without events, in a channel whose next event has the number `next`.
    pub(super) fn new(history: &History, next: u64, epochs: Epochs) -> Self {
        Self {
            max_events: history.max_events,
            max_bytes: history.max_bytes,
            max_age: history.max_age,
            epochs,
            first: next,
            cost: 0,
        }
    }

    /// The oldest event that is remembered.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// What the remembered events take together, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    pub(super) fn position(&self, seq: u64) -> Position {
        self.epochs.position(seq)
    }

    pub(super) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// From `position` on, events belong to its epoch.
    pub(super) fn begin_epoch(&mut self, position: Position) {
        self.epochs.extend(position);
    }

    pub(super) fn set_epochs(&mut self, epochs: Epochs) {
        self.epochs = epochs;
    }

    /// Before the event `first` the epochs are what `epochs` say.
    pub(super) fn put_epochs_before(&mut self, first: u64, mut epochs: Epochs) {
        self.epochs.since(first).for_each(|position| epochs.extend(position));
        self.epochs = epochs;
    }

    /// Whether what was published last belongs to `epoch`.
    pub(super) fn ends_in(&self, epoch: Epoch) -> bool {
        self.epochs.last() == epoch
    }

    /// What there is for a listener, in a log whose next event is `next`.
    pub(super) fn kept(&self, next: u64) -> Kept<'_> {
        Kept { first: self.first, top: next - 1, epochs: &self.epochs }
    }

    /// An event that costs so much was appended.
    pub(super) fn add(&mut self, cost: usize) {
        self.cost += cost;
    }

    /// Lets go of what is beyond the bounds, or over age at `now`, in a log whose next event is `next`;
    /// `entry` tells when an event came and what it costs.
    pub(super) fn slide(
        &mut self,
        next: u64,
        now: Instant,
        entry: impl Fn(u64) -> (Instant, usize),
    ) {
        while self.first < next {
            let (at, cost) = entry(self.first);
            let is_over = |max_age| max_age <= now.saturating_duration_since(at);
            let is_beyond =
                (self.max_events as u64) < next - self.first || self.max_bytes < self.cost;
            if !is_beyond && !self.max_age.is_some_and(is_over) {
                return;
            }
            self.first += 1;
            self.cost -= cost;
        }
    }

    /// Lets go of the oldest events until half of the cost is left, at most.
    pub(super) fn halve(&mut self, cost_of: impl Fn(u64) -> usize) {
        let target = self.cost / 2;
        while target < self.cost {
            self.cost -= cost_of(self.first);
            self.first += 1;
        }
    }

    /// Lets go of everything before `next`.
    pub(super) fn clear(&mut self, next: u64) {
        (self.first, self.cost) = (next, 0);
    }
}
