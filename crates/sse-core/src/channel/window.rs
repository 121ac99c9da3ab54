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

    pub(super) fn kept(&self, first: u64, top: u64) -> Kept<'_> {
        Kept { first, top, epochs: &self.epochs }
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

    pub(super) fn set(&mut self, (from, cost): (u64, usize)) {
        (self.from, self.cost) = (from, cost);
    }

    /// Lets go of the events that are over age at `now`, but for the youngest of them.
    pub(super) fn expire(
        &mut self,
        next: u64,
        now: Instant,
        entry: impl Fn(u64) -> (Instant, usize),
    ) {
        let Some(max_age) = self.max_age else {
            return;
        };
        while self.from + 1 < next
            && max_age <= now.saturating_duration_since(entry(self.from + 1).0)
        {
            self.cost -= entry(self.from).1;
            self.from += 1;
        }
    }
}
