use std::{task::Waker, time::Instant};

use super::{Cell, State};
use crate::{
    access::{Grant, Revocation},
    channel::{Joined, Newcomer, Output},
    history::{Resume, Start, Verdict},
    hub::{HubEvent, SubscribeError, effects::Effects, idle::Place, sync::Arc},
    store::Facts,
};

/// What a listener asks of its channel, and what is asked about it.
impl Cell {
    /// Adds a listener, unless the channel is over.
    pub(in crate::hub) fn listen(
        self: &Arc<Self>,
        newcomer: &Newcomer<'_>,
        now: Instant,
    ) -> (Option<Result<Joined, SubscribeError>>, Effects) {
        let config = &self.shared.config.channel;
        let mut state = self.lock();
        let (joined, effects) = self.step(&mut state, |channel| {
            channel.forget_old(config, now);
            let joined = (!channel.is_over()).then(|| channel.listen(newcomer, config, now));
            if let Some(Err(_)) = joined {
                channel.forget_if_deserted(config);
            }
            joined
        });
        if let Some(Ok(Joined { resume: Some(resume), .. })) = &joined
            && let Verdict::Gap(gap) = resume.verdict()
        {
            self.shared.tally.gap(gap.reason());
            self.emit(|| HubEvent::Gap { token: self.token.clone(), gap: gap.clone() });
        }
        (joined, effects)
    }

    /// Whether a listener would be added, and what it would be told.
    pub(in crate::hub) fn check_listen(
        self: &Arc<Self>,
        (start, facts): (&Start, Option<&Facts>),
        now: Instant,
    ) -> (Option<Result<Option<Resume>, SubscribeError>>, Effects) {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| {
            channel.forget_old(config, now);
            (!channel.is_over()).then(|| match channel.is_taken(now) {
                true => Err(SubscribeError::Taken),
                false => channel.check_resume(start, facts, config),
            })
        })
    }

    /// What the connection of the listener `key` is to do; an idle one is woken by the next publication. There
    /// are effects if it was the last listener and has left.
    pub(in crate::hub) fn poll_output(
        self: &Arc<Self>,
        key: usize,
        (place, waker): (&mut Place, &Waker),
        now: Instant,
    ) -> (Output, Option<Effects>) {
        let mut state = self.lock();
        // Under the lock: a drain that begins later finds the waker that is kept here.
        let (config, drain) = (&self.shared.config.channel, self.shared.drain.get());
        let output = state.channel.poll_output(key, drain, config, now);
        if config.has_store {
            let effects = self.note_reading(&mut state);
            let is_idle = matches!(output, Output::Wait { .. });
            let stale = if is_idle { state.idle.register(place, waker) } else { None };
            drop(state);
            drop(stale);
            return (output, effects);
        }
        if !matches!(output, Output::Wait { .. }) {
            let (was_open, is_over) = (state.told.is_open, state.channel.is_over());
            self.note(&mut state, 0);
            let effects = Effects { is_over, ..Effects::default() };
            return (output, (was_open && is_over).then_some(effects));
        }
        let stale = state.idle.register(place, waker);
        drop(state);
        // It may own the last reference to a task whose drop takes the lock again.
        drop(stale);
        (output, None)
    }

    /// The same for a channel with a store: what a listener reads there may have to be asked for, or be gone.
    fn note_reading(self: &Arc<Self>, state: &mut State) -> Option<Effects> {
        let was_open = state.told.is_open;
        let ((), effects) = self.step(state, |_| ());
        effects.unless_none(was_open)
    }

    /// The grant that the listener `key` came with, if there is one.
    pub(in crate::hub) fn grant(&self, key: usize) -> Option<Grant> {
        self.lock().channel.grant(key).cloned()
    }

    /// Ends the stream of the listener `key`, if it came with a grant that `revocation` matches. Returns how many
    /// listen no more.
    pub(in crate::hub) fn revoke(
        self: &Arc<Self>,
        key: usize,
        revocation: &Revocation,
    ) -> (usize, Effects) {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| {
            let before = channel.held().here;
            channel.revoke(key, revocation, config);
            before - channel.held().here
        })
    }

    /// The connection of the listener `key` is over.
    pub(in crate::hub) fn disconnect(self: &Arc<Self>, key: usize, place: &mut Place) -> Effects {
        let config = &self.shared.config.channel;
        let mut state = self.lock();
        let ((), effects) = self.step(&mut state, |channel| channel.disconnect(key, config));
        let stale = state.idle.leave(place);
        drop(state);
        drop(stale);
        effects
    }
}
