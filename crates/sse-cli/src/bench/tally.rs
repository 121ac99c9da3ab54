use std::{cell::RefCell, rc::Rc, time::Duration};

use hdrhistogram::Histogram;

use super::stamp::Stamp;

/// What all listeners together have seen. The run has one thread.
#[derive(Clone, Debug)]
pub(super) struct Tally(Rc<RefCell<Seen>>);

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) delivered: u64,
    /// Numbers that were left out, by those that came after them.
    pub(super) lost: u64,
    /// Numbers that came again, or after higher ones.
    pub(super) out_of_order: u64,
    /// Events without a stamp.
    pub(super) foreign: u64,
    /// Streams that ended before the run did.
    pub(super) broken: u64,
    /// From publish to read, in nanoseconds.
    pub(super) latency: Histogram<u32>,
}

impl Tally {
    pub(super) fn new() -> Self {
        let latency = Histogram::new_with_bounds(1_000, HIGHEST, 3).expect("the bounds are apart");
        let seen = Seen { delivered: 0, lost: 0, out_of_order: 0, foreign: 0, broken: 0, latency };
        Self(Rc::new(RefCell::new(seen)))
    }

    pub(super) fn delivered(&self) -> u64 {
        self.0.borrow().delivered
    }

    /// Takes an event that came at `now`; `next` is what its listener expects of each publisher.
    pub(super) fn take(&self, next: &mut Vec<u64>, data: &str, now: Duration) {
        let mut seen = self.0.borrow_mut();
        let Some(stamp) = Stamp::find(data).filter(|stamp| stamp.publisher < PUBLISHERS) else {
            seen.foreign += 1;
            return;
        };
        if next.len() <= stamp.publisher {
            next.resize(stamp.publisher + 1, 0);
        }
        let expected = &mut next[stamp.publisher];
        seen.delivered += 1;
        match stamp.seq.checked_sub(*expected) {
            Some(left_out) => {
                seen.lost += left_out;
                *expected = stamp.seq + 1;
            }
            None => seen.out_of_order += 1,
        }
        let late = now.saturating_sub(stamp.sent).as_nanos().min(HIGHEST.into());
        seen.latency.saturating_record(late as u64);
    }

    /// Counts what a listener has not got of what was acknowledged.
    pub(super) fn miss(&self, events: u64) {
        self.0.borrow_mut().lost += events;
    }

    pub(super) fn break_off(&self) {
        self.0.borrow_mut().broken += 1;
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.0.borrow())
    }
}

/// Ten minutes.
const HIGHEST: u64 = 600_000_000_000;

/// More than `--in-flight` may be: what says otherwise is none of our stamps.
const PUBLISHERS: usize = 10_001;
