use std::{
    collections::VecDeque,
    mem,
    task::{Poll, Waker},
};

use super::sync::{Mutex, MutexGuard, PoisonError};

/// What was put there for one reader, who takes it when it likes. It is bounded: what comes while it is full is
/// counted and left out.
#[derive(Debug)]
pub(super) struct Mailbox<T> {
    max_cost: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    /// With what each costs.
    items: VecDeque<(T, usize)>,
    cost: usize,
    missed: u64,
    waker: Option<Waker>,
    is_abandoned: bool,
    is_over: bool,
}

/// What the reader of a [`Mailbox`] takes.
#[derive(Debug)]
pub(super) enum Taken<T> {
    Item(T),
    /// So many were left out here.
    Missed(u64),
}

impl<T> Mailbox<T> {
    /// A mailbox that holds what costs `max_cost` together, and any one item.
    pub(super) fn new(max_cost: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            cost: 0,
            missed: 0,
            waker: None,
            is_abandoned: false,
            is_over: false,
        };
        Self { max_cost, state: Mutex::new(state) }
    }

    /// Safe under a lock: nobody is woken.
    pub(super) fn push(&self, item: T, cost: usize) {
        let mut state = self.lock();
        if state.is_abandoned {
            return;
        }
        let is_full = !state.items.is_empty() && self.max_cost < state.cost + cost;
        // What was left out is told behind all that is there.
        if 0 < state.missed || is_full {
            state.missed += 1;
        } else {
            state.items.push_back((item, cost));
            state.cost += cost;
        }
    }

    /// The next item; nothing more once it is over. While there is none, `waker` is kept.
    pub(super) fn poll_take(&self, waker: &Waker) -> Poll<Option<Taken<T>>> {
        let mut state = self.lock();
        if let Some((item, cost)) = state.items.pop_front() {
            state.cost -= cost;
            return Poll::Ready(Some(Taken::Item(item)));
        }
        if 0 < state.missed {
            return Poll::Ready(Some(Taken::Missed(mem::take(&mut state.missed))));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        let stale = state.waker.replace(waker.clone());
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// The waker of a reader that waits and has something to take.
    pub(super) fn ready_waker(&self) -> Option<Waker> {
        let mut state = self.lock();
        if state.items.is_empty() && state.missed == 0 {
            return None;
        }
        state.waker.take()
    }

    /// Nothing more will come. Returns the waker of a reader that waits.
    pub(super) fn end(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.is_over = true;
        state.waker.take()
    }

    /// Nobody reads it any more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.is_abandoned = true;
        let waste = (mem::take(&mut state.items), state.waker.take());
        drop(state);
        drop(waste);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
