use std::{
    cell::{RefCell, RefMut},
    rc::Rc,
    time::Duration,
};

use super::{latency, stamp::Stamp};

/// What all listeners together have seen. The run has one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Rc<RefCell<Seen>>);

impl Tally {
    pub(super) fn seen(&self) -> RefMut<'_, Seen> {
        self.0.borrow_mut()
    }
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) delivered: u64,
    /// Numbers that were left out, by those that came after them.
    pub(super) lost: u64,
    /// Numbers that came again, or after higher ones.
    pub(super) out_of_order: u64,
    /// Events without a stamp.
    pub(super) foreign: u64,
    pub(super) comments: u64,
    /// Streams that ended before the run did.
    pub(super) broken: u64,
    /// From publish to read.
    pub(super) latency: latency::Histogram,
}

impl Seen {
    /// Takes an event that came at `now` to the listener of `order`.
    pub(super) fn take(&mut self, order: &mut Order, stamp: Stamp, now: Duration) {
        self.delivered += 1;
        match order.take(stamp) {
            Some(left_out) => self.lost += left_out,
            None => self.out_of_order += 1,
        }
        self.latency.record(now.saturating_sub(stamp.sent));
    }
}

/// What a listener expects next of each publisher.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    next: Vec<Option<u64>>,
    is_amid: bool,
}

impl Order {
    /// For one that comes while events are published: its first event of each publisher is any.
    pub(super) fn amid() -> Self {
        Self { next: Vec::new(), is_amid: true }
    }

    /// What comes next of `publisher`, or after it.
    pub(super) fn next(&self, publisher: usize) -> u64 {
        self.next.get(publisher).copied().flatten().unwrap_or(0)
    }

    /// How many were left out before `stamp`; none if it came before, or a higher one did.
    fn take(&mut self, stamp: Stamp) -> Option<u64> {
        if self.next.len() <= stamp.publisher {
            self.next.resize(stamp.publisher + 1, None);
        }
        let next = &mut self.next[stamp.publisher];
        let expected = next.unwrap_or(if self.is_amid { stamp.seq } else { 0 });
        let left_out = stamp.seq.checked_sub(expected);
        *next = Some(left_out.map_or(expected, |_| stamp.seq + 1));
        left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is lost and what is out of order of `stamps`, each a publisher and a number.
    fn told(mut order: Order, stamps: &[(usize, u64)]) -> (u64, u64) {
        let mut seen = Seen::default();
        for &(publisher, seq) in stamps {
            let stamp = Stamp { publisher, seq, sent: Duration::ZERO };
            seen.take(&mut order, stamp, Duration::ZERO);
        }
        (seen.lost, seen.out_of_order)
    }

    #[test]
    fn numbers_are_counted_from_0_for_each_publisher() {
        let stamps = [(0, 0), (1, 0), (0, 1), (1, 1)];
        assert_eq!(told(Order::default(), &stamps), (0, 0));
        assert_eq!(told(Order::default(), &[(0, 2), (0, 3)]), (2, 0));
        assert_eq!(told(Order::default(), &[(0, 0), (0, 2), (0, 1), (0, 3)]), (1, 1));
    }

    #[test]
    fn one_that_comes_amid_begins_with_any_number() {
        let stamps = [(0, 7), (1, 3), (0, 8), (1, 4)];
        assert_eq!(told(Order::amid(), &stamps), (0, 0));
        assert_eq!(told(Order::amid(), &[(0, 7), (0, 9), (0, 9)]), (1, 1));
    }
}
