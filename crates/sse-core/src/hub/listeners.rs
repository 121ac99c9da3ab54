use std::{collections::VecDeque, task::Waker};

use slab::Slab;

use crate::{Cursor, OnOverrun};

/// Where each listener of one channel stands, and the wakers of those that are idle.
///
/// An idle listener has read everything. Its waker waits in a queue under a ticket; a publication
/// notes the next ticket to be given out and takes the wakers below it, so that a listener that
/// went idle again meanwhile is not woken twice.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    places: Slab<Listener>,
    /// Those that nothing is kept for any more. They keep their place until they are dropped.
    gone: usize,
    /// Those that were replaced and still read what came before that.
    leaving: usize,
    caught_up: usize,
    /// Nobody that something is kept for stands before it.
    floor: Cursor,
    /// The cost of the log at which the lowest cursor is looked for again.
    threshold: usize,
    idle: VecDeque<(u64, usize)>,
    next_ticket: u64,
}

impl Listeners {
    /// How many are neither gone nor leaving.
    pub(super) fn connected(&self) -> usize {
        self.holding() - self.leaving
    }

    /// Adds a listener at `cursor` of a log that ends at `end`.
    pub(super) fn add(&mut self, cursor: Cursor, end: Cursor) -> usize {
        self.floor = if self.holding() == 0 { cursor } else { self.floor.min(cursor) };
        self.caught_up += usize::from(cursor == end);
        self.places.insert(Listener { cursor, is_gone: false, replaced_at: None, waiting: None })
    }

    /// Removes a listener; its waker is to be dropped outside the lock.
    pub(super) fn remove(&mut self, key: usize, end: Cursor) -> Option<Waker> {
        self.release(key, end);
        self.gone -= 1;
        let listener = self.places.remove(key);
        self.forget_stale_tickets();
        listener.waiting.map(|(_, waker)| waker)
    }

    /// The log has grown: nobody has read everything.
    pub(super) fn fall_behind(&mut self) {
        self.caught_up = 0;
    }

    /// A listener has read up to `cursor` of a log that ends at `end`.
    pub(super) fn advance(&mut self, key: usize, cursor: Cursor, end: Cursor) {
        let listener = &mut self.places[key];
        if !listener.is_gone {
            self.caught_up += usize::from(listener.cursor != end && cursor == end);
        }
        listener.cursor = cursor;
        if listener.replaced_at.is_some_and(|at| !cursor.is_before(at)) {
            self.release(key, end);
        }
    }

    /// Everyone who is connected leaves once it has read up to `end`; returns how many they are.
    pub(super) fn replace(&mut self, end: Cursor) -> usize {
        let mut replaced = Vec::new();
        for (key, listener) in &mut self.places {
            if !listener.is_gone && listener.replaced_at.is_none() {
                listener.replaced_at = Some(end);
                replaced.push((key, listener.cursor));
            }
        }
        self.leaving += replaced.len();
        for &(key, cursor) in &replaced {
            self.advance(key, cursor, end);
        }
        replaced.len()
    }

    /// Where the listener was replaced, if it was.
    pub(super) fn replaced_at(&self, key: usize) -> Option<Cursor> {
        self.places[key].replaced_at
    }

    /// The lowest cursor, if it is worth trimming a log of this `cost` to it.
    ///
    /// With everyone at the end it is known. Else all places are looked at, but only once the log
    /// has doubled since the last time, which makes it cheap for each frame.
    pub(super) fn lowest_cursor(&mut self, end: Cursor, cost: usize) -> Option<Cursor> {
        if self.caught_up == self.holding() {
            self.threshold = 0;
            self.floor = end;
            return Some(end);
        }
        if cost < self.threshold.max(WORTH_TRIMMING) {
            return None;
        }
        self.threshold = 2 * cost;
        self.floor = self.lowest(end);
        Some(self.floor)
    }

    /// Lets those that stand before `start` fall out: they are gone, or go on from there. Returns
    /// how many that are.
    pub(super) fn overrun(&mut self, start: Cursor, end: Cursor, then: OnOverrun) -> usize {
        if !self.floor.is_before(start) {
            return 0;
        }
        let behind = |(key, listener): (usize, &Listener)| {
            (!listener.is_gone && listener.cursor.is_before(start)).then_some(key)
        };
        let behind: Vec<usize> = self.places.iter().filter_map(behind).collect();
        for &key in &behind {
            if then == OnOverrun::Close || self.places[key].replaced_at.is_some() {
                self.release(key, end);
            } else {
                let cursor = self.places[key].cursor.max(start);
                self.advance(key, cursor, end);
            }
        }
        self.floor = self.lowest(end);
        behind.len()
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

    /// Keeps nothing more for a listener.
    fn release(&mut self, key: usize, end: Cursor) {
        let listener = &mut self.places[key];
        if listener.is_gone {
            return;
        }
        listener.is_gone = true;
        self.gone += 1;
        self.leaving -= usize::from(listener.replaced_at.is_some());
        self.caught_up -= usize::from(listener.cursor == end);
    }

    fn holding(&self) -> usize {
        self.places.len() - self.gone
    }

    fn lowest(&self, end: Cursor) -> Cursor {
        let holding = self.places.iter().filter(|(_, listener)| !listener.is_gone);
        holding.fold(end, |lowest, (_, listener)| lowest.min(listener.cursor))
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
    cursor: Cursor,
    is_gone: bool,
    replaced_at: Option<Cursor>,
    waiting: Option<(u64, Waker)>,
}

/// Below this cost a log is left as it is until everyone has read it.
const WORTH_TRIMMING: usize = 64 << 10;
