use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Instant,
};

use super::{SubscribeError, backlog::Backlog, listeners::Listeners};
use crate::{
    CloseReason, Event, EventId, Log, LogConfig, Mode, Output, Subscription, SubscriptionConfig,
    Token,
};

/// A [`Log`] and those who listen to it, behind one lock.
///
/// It is open while someone listens. Once closed it stays so: its token is free, and it lives on
/// only for the subscribers that still have to read its end.
#[derive(Debug)]
pub(super) struct Channel {
    token: Token,
    backlog: Arc<Backlog>,
    state: Mutex<State>,
}

impl Channel {
    pub(super) fn new(token: Token, log: &LogConfig, backlog: &Arc<Backlog>) -> Self {
        let log = Log::new(log.clone());
        let state = State { log, listeners: Listeners::default(), is_open: true };
        Self { token, backlog: backlog.clone(), state: Mutex::new(state) }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    pub(super) fn is_closed(&self) -> bool {
        !self.lock().is_open
    }

    pub(super) fn listeners(&self) -> usize {
        let state = self.lock();
        if state.is_open { state.listeners.connected() } else { 0 }
    }

    pub(super) fn cost(&self) -> usize {
        self.lock().log.cost()
    }

    /// `None` if the channel is closed.
    pub(super) fn subscribe(
        &self,
        mode: Mode,
        config: &SubscriptionConfig,
        now: Instant,
    ) -> Option<Result<Place, SubscribeError>> {
        let mut state = self.lock();
        if !state.is_open {
            return None;
        }
        if state.is_taken(mode) {
            return Some(Err(SubscribeError::Taken));
        }
        let subscription = Subscription::new(config.clone(), &state.log, now);
        let key = state.listeners.add(subscription.cursor());
        Some(Ok(Place { subscription, key }))
    }

    pub(super) fn check_subscribe(&self, mode: Mode) -> Result<(), SubscribeError> {
        let state = self.lock();
        if state.is_open && state.is_taken(mode) { Err(SubscribeError::Taken) } else { Ok(()) }
    }

    /// Appends the event for all listeners; `None` if the channel is closed.
    ///
    /// The event is asked for under the lock, so that its id follows the order of the log.
    pub(super) fn append(&self, event: impl FnOnce() -> Event) -> Option<Appended> {
        let mut state = self.lock();
        if !state.is_open {
            return None;
        }
        let event = event();
        let listeners = state.listeners.connected();
        let overrun = self.settle(&mut state, |state| {
            state.log.append(event.encode());
            state.listeners.fall_behind();
            let cut = state.listeners.cut_before(state.log.first_seq());
            state.drop_read();
            cut
        });
        state.close_if_deserted();
        let tickets = state.listeners.tickets();
        Some(Appended { id: event.id().cloned(), listeners, overrun, tickets })
    }

    /// Ends the log after what was appended and frees the token; `None` if the channel is closed.
    pub(super) fn finish(&self, reason: CloseReason) -> Option<Ended> {
        let mut state = self.lock();
        if !state.is_open {
            return None;
        }
        state.is_open = false;
        state.log.finish(reason);
        let listeners = state.listeners.connected();
        Some(Ended { listeners, tickets: state.listeners.tickets() })
    }

    /// Drops the whole log; returns how many listeners had not read all of it.
    pub(super) fn cut_all_behind(&self) -> usize {
        let mut state = self.lock();
        let cut = self.settle(&mut state, |state| {
            let next = state.log.next_seq();
            state.log.trim(next);
            state.listeners.cut_before(next)
        });
        state.close_if_deserted();
        cut
    }

    /// What the subscriber at `place` is to do; an idle one is woken by the next publication.
    pub(super) fn poll_output(&self, place: &mut Place, waker: &Waker, now: Instant) -> Output {
        let mut stale = None;
        let mut state = self.lock();
        let output = place.subscription.poll_output(&mut state.log, now);
        match &output {
            Output::Write(_) => self.settle(&mut state, |state| {
                let cursor = place.subscription.cursor();
                state.listeners.advance(place.key, cursor, state.log.next_seq());
                state.drop_read();
            }),
            Output::Wait { .. } => stale = state.listeners.register(place.key, waker),
            Output::Close(_) => (),
        }
        drop(state);
        drop(stale);
        output
    }

    /// Gives `place` up; returns whether the channel was closed by that.
    pub(super) fn leave(&self, place: &Place) -> bool {
        let mut state = self.lock();
        let was_open = state.is_open;
        let stale = self.settle(&mut state, |state| {
            let next = state.log.next_seq();
            let stale = state.listeners.remove(place.key, next);
            state.drop_read();
            stale
        });
        state.close_if_deserted();
        let closed = was_open && !state.is_open;
        drop(state);
        // It may own the last reference to a task whose drop takes the lock again.
        drop(stale);
        closed
    }

    /// Takes idle listeners' wakers, oldest first, as long as their tickets are below `until`.
    pub(super) fn take_wakers(&self, until: u64, batch: &mut [Option<Waker>]) -> usize {
        let mut state = self.lock();
        let mut taken = 0;
        while taken < batch.len() {
            let Some(waker) = state.listeners.take_idle(until) else {
                break;
            };
            batch[taken] = Some(waker);
            taken += 1;
        }
        taken
    }

    /// Runs `change` and tells the backlog what became of the log's cost.
    fn settle<T>(&self, state: &mut State, change: impl FnOnce(&mut State) -> T) -> T {
        let before = state.log.cost();
        let answer = change(state);
        self.backlog.replace(before, state.log.cost());
        answer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let left = self.lock().log.cost();
        self.backlog.replace(left, 0);
    }
}

/// A subscriber's place in a channel.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) subscription: Subscription,
    key: usize,
}

/// What became of an event that was appended.
#[derive(Debug)]
pub(super) struct Appended {
    pub(super) id: Option<EventId>,
    pub(super) listeners: usize,
    pub(super) overrun: usize,
    /// Idle listeners with a lower ticket have to be woken.
    pub(super) tickets: u64,
}

/// Whom the end of a channel concerns.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) listeners: usize,
    pub(super) tickets: u64,
}

#[derive(Debug)]
struct State {
    log: Log,
    listeners: Listeners,
    is_open: bool,
}

impl State {
    fn is_taken(&self, mode: Mode) -> bool {
        mode == Mode::Exclusive && 0 < self.listeners.connected()
    }

    /// Drops the frames that no listener has still to read.
    fn drop_read(&mut self) {
        if let Some(seq) = self.listeners.lowest_cursor(self.log.next_seq(), self.log.cost()) {
            self.log.trim(seq);
        }
    }

    fn close_if_deserted(&mut self) {
        self.is_open &= 0 < self.listeners.connected();
    }
}
