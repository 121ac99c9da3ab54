use std::{collections::VecDeque, task::Waker};

use slab::Slab;

/// Where each listener of one channel stands, and the wakers of those that are idle.
///
/// An idle listener has read everything. Its waker waits in a queue under a ticket; a publication
/// notes the next ticket to be given out and takes the wakers below it, so that a listener that
/// went idle again meanwhile is not woken twice.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    places: Slab<Listener>,
    /// Listeners that fell out of the log. They keep their place until they are dropped.
    cut: usize,
    caught_up: usize,
    /// No cursor of a connected listener is lower.
    floor: u64,
    /// The cost of the log at which the lowest cursor is looked for again.
    threshold: usize,
    idle: VecDeque<(u64, usize)>,
    next_ticket: u64,
}

impl Listeners {
    /// How many have not fallen out.
    pub(super) fn connected(&self) -> usize {
        self.places.len() - self.cut
    }

    /// Adds a listener that has read everything, up to `cursor`.
    pub(super) fn add(&mut self, cursor: u64) -> usize {
        self.caught_up += 1;
        self.places.insert(Listener { cursor, is_cut: false, waiting: None })
    }

    /// Removes a listener; its waker is to be dropped outside the lock.
    pub(super) fn remove(&mut self, key: usize, next_seq: u64) -> Option<Waker> {
        let listener = self.places.remove(key);
        self.cut -= usize::from(listener.is_cut);
        self.caught_up -= usize::from(!listener.is_cut && listener.cursor == next_seq);
        self.forget_stale_tickets();
        listener.waiting.map(|(_, waker)| waker)
    }

    /// The log has grown: nobody has read everything.
    pub(super) fn fall_behind(&mut self) {
        self.caught_up = 0;
    }

    /// A listener has read up to `cursor` of a log that ends at `next_seq`.
    pub(super) fn advance(&mut self, key: usize, cursor: u64, next_seq: u64) {
        let listener = &mut self.places[key];
        self.caught_up += usize::from(listener.cursor < next_seq && cursor == next_seq);
        listener.cursor = cursor;
    }

    /// The lowest cursor, if it is worth trimming a log of this `cost` to it.
    ///
    /// With everyone at the end it is known. Else all places are looked at, but only once the log
    /// has doubled since the last time, which makes it cheap for each frame.
    pub(super) fn lowest_cursor(&mut self, next_seq: u64, cost: usize) -> Option<u64> {
        if self.caught_up == self.connected() {
            self.threshold = 0;
            return Some(next_seq);
        }
        if cost < self.threshold.max(WORTH_TRIMMING) {
            return None;
        }
        self.threshold = 2 * cost;
        self.floor = self.connected_cursors().min().unwrap_or(next_seq);
        Some(self.floor)
    }

    /// Marks the listeners that stand before `first_seq`; returns how many that are.
    pub(super) fn cut_before(&mut self, first_seq: u64) -> usize {
        if first_seq <= self.floor {
            return 0;
        }
        let mut cut = 0;
        for (_, listener) in &mut self.places {
            if !listener.is_cut && listener.cursor < first_seq {
                listener.is_cut = true;
                cut += 1;
            }
        }
        self.cut += cut;
        self.floor = self.connected_cursors().min().unwrap_or(first_seq);
        cut
    }

    /// Keeps `waker` for the next publication; what is returned is to be dropped outside the lock.
    pub(super) fn register(&mut self, key: usize, waker: &Waker) -> Option<Waker> {
        let waiting = &mut self.places[key].waiting;
        match waiting {
            Some((_, kept)) if kept.will_wake(waker) => None,
            Some((_, kept)) => Some(std::mem::replace(kept, waker.clone())),
            None => {
                *waiting = Some((self.next_ticket, waker.clone()));
                self.idle.push_back((self.next_ticket, key));
                self.next_ticket += 1;
                None
            }
        }
    }

    /// The ticket that the next idle listener will get.
    pub(super) fn tickets(&self) -> u64 {
        self.next_ticket
    }

    /// Takes the waker that waits longest, if its ticket is below `until`.
    pub(super) fn take_idle(&mut self, until: u64) -> Option<Waker> {
        while let Some(&(ticket, key)) = self.idle.front()
            && ticket < until
        {
            self.idle.pop_front();
            if self.holds(ticket, key) {
                let waiting = self.places[key].waiting.take();
                return waiting.map(|(_, waker)| waker);
            }
        }
        None
    }

    fn connected_cursors(&self) -> impl Iterator<Item = u64> {
        let connected = self.places.iter().filter(|(_, listener)| !listener.is_cut);
        connected.map(|(_, listener)| listener.cursor)
    }

    fn holds(&self, ticket: u64, key: usize) -> bool {
        let waiting = self.places.get(key).and_then(|listener| listener.waiting.as_ref());
        waiting.is_some_and(|(kept, _)| *kept == ticket)
    }

    /// Listeners that come and go on a silent channel leave tickets behind.
    fn forget_stale_tickets(&mut self) {
        if 2 * self.places.len() + 16 < self.idle.len() {
            let mut idle = std::mem::take(&mut self.idle);
            idle.retain(|&(ticket, key)| self.holds(ticket, key));
            self.idle = idle;
        }
    }
}

#[derive(Debug)]
struct Listener {
    cursor: u64,
    is_cut: bool,
    waiting: Option<(u64, Waker)>,
}

/// Below this cost a log is left as it is until everyone has read it.
const WORTH_TRIMMING: usize = 64 << 10;
