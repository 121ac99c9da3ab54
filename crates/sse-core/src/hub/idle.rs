use std::{collections::VecDeque, task::Waker};

/// The wakers of the listeners of one channel that have read everything.
///
/// A waker waits under a ticket; a publication notes the next ticket to be given out and takes the
/// wakers below it, so that a listener that went idle again meanwhile is not woken twice.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// By the listener's key.
    waiting: Vec<Option<(u64, Waker)>>,
    queue: VecDeque<(u64, usize)>,
    next_ticket: u64,
}

impl Idle {
    /// Keeps `waker` for the next publication; what is returned is to be dropped outside the lock.
    pub(super) fn register(&mut self, key: usize, waker: &Waker) -> Option<Waker> {
        if self.waiting.len() <= key {
            if self.waiting.capacity() == 0 {
                self.waiting.reserve_exact(1);
            }
            self.waiting.resize_with(key + 1, || None);
        }
        let waiting = &mut self.waiting[key];
        match waiting {
            Some((_, kept)) if kept.will_wake(waker) => None,
            Some((_, kept)) => Some(std::mem::replace(kept, waker.clone())),
            None => {
                *waiting = Some((self.next_ticket, waker.clone()));
                self.queue.push_back((self.next_ticket, key));
                self.next_ticket += 1;
                None
            }
        }
    }

    /// Forgets a listener that has gone; its waker is to be dropped outside the lock.
    pub(super) fn remove(&mut self, key: usize) -> Option<Waker> {
        let (_, waker) = self.waiting.get_mut(key)?.take()?;
        // Listeners that come and go on a silent channel leave tickets behind.
        if 2 * self.waiting.len() + 16 < self.queue.len() {
            let mut queue = std::mem::take(&mut self.queue);
            queue.retain(|&(ticket, key)| self.holds(ticket, key));
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
        while let Some(&(ticket, key)) = self.queue.front()
            && ticket < until
        {
            self.queue.pop_front();
            if self.holds(ticket, key) {
                return self.waiting[key].take().map(|(_, waker)| waker);
            }
        }
        None
    }

    fn holds(&self, ticket: u64, key: usize) -> bool {
        let waiting = self.waiting.get(key).and_then(Option::as_ref);
        waiting.is_some_and(|(kept, _)| *kept == ticket)
    }
}
