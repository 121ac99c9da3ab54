use std::time::{Duration, Instant};

use crate::{
    Epoch, History, Position,
    history::{Epochs, Kept},
};

/// Which events of a log are remembered: the promised ones and the one before them.
///
/// It begins at `from` and always ends where the log does.
#[derive(Debug)]
pub(super) struct Window {
    max_events: usize,
    max_bytes: usize,
    max_age: Option<Duration>,
    epochs: Epochs,
    from: u64,
    /// Whether the oldest event is beyond what is promised, and only there to prove to a client that
    /// stands behind it that it has missed nothing.
    is_proof: bool,
    cost: usize,
}

impl Window {
    pub(super) fn new(history: &History, epoch: Epoch) -> Self {
        Self {
            max_events: history.max_events,
            max_bytes: history.max_bytes,
            max_age: history.max_age,
            epochs: Epochs::new(epoch),
            from: 1,
            is_proof: false,
            cost: 0,
        }
    }

    /// The oldest event that is remembered.
    pub(super) fn from(&self) -> u64 {
        self.from
    }

    /// What the remembered events take together, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    pub(super) fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    pub(super) fn begin_epoch(&mut self, seq: u64, epoch: Epoch) {
        self.epochs.begin(seq, epoch);
    }

    pub(super) fn position(&self, seq: u64) -> Position {
        Position::new(seq, self.epochs.at(seq))
    }

    /// What there is for a listener, in a log that holds all from `held` to `top`.
    pub(super) fn kept(&self, held: u64, top: u64) -> Kept<'_> {
        let first = self.from + u64::from(self.is_proof);
        Kept { held, first, top, epochs: &self.epochs }
    }

    /// Where the window will begin and what it will take, once it ends at `next` and `added` bytes
    /// are in it; `cost_of` tells the cost of each event there will be then.
    pub(super) fn fit(
        &self,
        next: u64,
        added: usize,
        cost_of: impl Fn(u64) -> usize,
    ) -> (u64, usize) {
        let (mut from, mut cost) = (self.from, self.cost + added);
        while from + 1 < next {
            let oldest = cost_of(from);
            let promised = next - from - 1;
            if promised <= self.max_events as u64 && cost - oldest <= self.max_bytes {
                break;
            }
            from += 1;
            cost -= oldest;
        }
        (from, cost)
    }

    /// Moves the window; [`Self::expire`] then sees what is promised of it.
    pub(super) fn set(&mut self, (from, cost): (u64, usize)) {
        (self.from, self.cost, self.is_proof) = (from, cost, false);
    }

    /// Lets go of the events that are over age at `now`, but for the youngest of them, and sees whether
    /// the oldest that is left is promised.
    pub(super) fn expire(
        &mut self,
        next: u64,
        now: Instant,
        entry: impl Fn(u64) -> (Instant, usize),
    ) {
        let is_over = |seq| {
            let age = now.saturating_duration_since(entry(seq).0);
            self.max_age.is_some_and(|max_age| max_age <= age)
        };
        let mut from = self.from;
        while from + 1 < next && is_over(from + 1) {
            self.cost -= entry(from).1;
            from += 1;
        }
        let is_beyond = (self.max_events as u64) < next - from || self.max_bytes < self.cost;
        self.is_proof = from < next && (is_beyond || is_over(from));
        self.from = from;
    }
}
