use std::{task::Waker, time::Instant};

use bytes::Bytes;

use super::{Cell, State};
use crate::{
    channel::{Channel, CloseReason, Framing, Turn},
    hub::{effects::Effects, idle::Place, sync::Arc},
};

/// What an engine asks of a channel, for many listeners at once.
impl Cell {
    /// Says what an engine is to write to those whom it asks for. Where it begins a lap over its listeners, it is
    /// woken by the next publication: its waker is there before the log is read.
    pub(in crate::hub) fn plan_turn(
        self: &Arc<Self>,
        turn: &mut Turn,
        limits: (Framing, usize),
        waiting: Option<(&mut Place, &Waker)>,
        now: Instant,
    ) -> Option<Effects> {
        let mut state = self.lock();
        let stale = waiting.and_then(|(place, waker)| state.idle.register(place, waker));
        // Under the lock: a drain that begins later finds the waker that is kept here.
        let (config, drain) = (&self.shared.config.channel, self.shared.drain.get());
        let plan = |channel: &mut Channel| channel.plan_turn(turn, limits, drain, config, now);
        let ((), effects) = self.step_of_engine(&mut state, plan);
        drop(state);
        drop(stale);
        effects
    }

    /// All that the listener `key` is told first, and why its stream ends at once if it does.
    pub(in crate::hub) fn tell_all(
        self: &Arc<Self>,
        key: usize,
        now: Instant,
    ) -> ((Bytes, Option<CloseReason>), Option<Effects>) {
        let (config, drain) = (&self.shared.config.channel, self.shared.drain.get());
        let tell = |channel: &mut Channel| channel.tell_all(key, drain, config, now);
        self.step_of_engine(&mut self.lock(), tell)
    }

    /// Takes note of what an engine has written.
    pub(in crate::hub) fn settle_turn(
        self: &Arc<Self>,
        turn: &mut Turn,
        now: Instant,
    ) -> Option<Effects> {
        let config = &self.shared.config.channel;
        let settle = |channel: &mut Channel| channel.settle_turn(turn, config, now);
        let effects = self.step_of_engine(&mut self.lock(), settle).1;
        self.shared.tally.take(&mut turn.traffic);
        effects
    }

    /// There are effects if somebody has fallen out, or if the last listener has left.
    fn step_of_engine<T>(
        self: &Arc<Self>,
        state: &mut State,
        step: impl FnOnce(&mut Channel) -> T,
    ) -> (T, Option<Effects>) {
        let was_open = state.told.is_open;
        let (answer, effects) = self.step(state, step);
        (answer, effects.unless_none(was_open))
    }

    /// Nobody waits at `place` any more.
    pub(in crate::hub) fn leave(&self, place: &mut Place) {
        if place.is_none() {
            return;
        }
        let stale = self.lock().idle.leave(place);
        drop(stale);
    }
}
