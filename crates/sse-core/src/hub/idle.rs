use std::{collections::VecDeque, task::Waker};

use slab::Slab;

use crate::growth::grow_slab;

/// The wakers of those who have read all of one channel: of a listener that is polled by itself, or of all that
/// an engine drives.
///
/// A waker waits under a ticket; a publication notes the next ticket to be given out and takes the
/// wakers below it, so that a listener that went idle again meanwhile is not woken twice.
#[derive(Debug, Default)]
pub(super) struct Idle {
    places: Slab<Option<(u64, Waker)>>,
    queue: VecDeque<(u64, usize)>,
    next_ticket: u64,
}

/// Where one of them waits, once it has waited.
#[derive(Debug, Default)]
pub(super) struct Place(Option<u32>);

impl Place {
    /// Whether nobody has waited there.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl Idle {
    /// Keeps `waker` for the next publication; what is returned is to be dropped outside the lock.
    pub(super) fn register(&mut self, place: &mut Place, waker: &Waker) -> Option<Waker> {
        let place = *place.0.get_or_insert_with(|| {
            grow_slab(&mut self.places);
            self.places.insert(None) as u32
        }) as usize;
        let waiting = &mut self.places[place];
        match waiting {
            Some((_, kept)) if kept.will_wake(waker) => None,
            Some((_, kept)) => Some(std::mem::replace(kept, waker.clone())),
            None => {
                *waiting = Some((self.next_ticket, waker.clone()));
                self.queue.push_back((self.next_ticket, place));
                self.next_ticket += 1;
                None
            }
        }
    }

    /// Frees a place; the waker there is to be dropped outside the lock.
    pub(super) fn leave(&mut self, place: &mut Place) -> Option<Waker> {
        let (_, waker) = self.places.remove(place.0.take()? as usize)?;
        // Listeners that come and go on a silent channel leave tickets behind.
        if 2 * self.places.len() + 16 < self.queue.len() {
            let mut queue = std::mem::take(&mut self.queue);
            queue.retain(|&(ticket, place)| self.holds(ticket, place));
            self.queue = queue;
        }
        Some(waker)
    }

    /// The ticket that the next idle listener will get.
    pub(super) fn next_ticket(&self) -> u64 {
        self.next_ticket
    }

    /// Takes the waker that waits longest, if its ticket is below `until`.
    pub(super) fn take(&mut self, until: u64) -> Option<Waker> {
        while let Some(&(ticket, place)) = self.queue.front()
            && ticket < until
        {
            self.queue.pop_front();
            if self.holds(ticket, place) {
                return self.places[place].take().map(|(_, waker)| waker);
            }
        }
        None
    }

    fn holds(&self, ticket: u64, place: usize) -> bool {
        let waiting = self.places.get(place).and_then(Option::as_ref);
        waiting.is_some_and(|(kept, _)| *kept == ticket)
    }
}
