use std::time::Instant;

use super::Cell;
use crate::{
    channel::{Accepted, Channel},
    history::Position,
    hub::{effects::Effects, sync::Arc},
    store::{Facts, Page},
};

/// What a channel is told of its store, and asks it for.
impl Cell {
    /// Accepts what a store has made safe, unless the channel is over; `accepted` is taken then only. Returns for how
    /// many.
    pub(in crate::hub) fn accept(
        self: &Arc<Self>,
        accepted: &mut Option<Accepted>,
        now: Instant,
    ) -> (Option<usize>, Effects) {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| {
            channel.forget_old(config, now);
            if channel.is_over() {
                return None;
            }
            let accepted = accepted.take()?;
            let observers = self.shared.watchers.observers_of(&self.token);
            Some(channel.accept(
                accepted,
                |number, frame, at| observers.show(number, frame, at),
                config,
                now,
            ))
        })
    }

    /// The store has something at `position`.
    pub(in crate::hub) fn catch_up(self: &Arc<Self>, position: Position) -> Effects {
        let step = |channel: &mut Channel| {
            if !channel.is_over() {
                channel.catch_up(position);
            }
        };
        self.step(&mut self.lock(), step).1
    }

    /// Somebody asks the store for what is known, to listen then. Returns whether the channel is not over.
    pub(in crate::hub) fn begin_joining(&self) -> bool {
        let mut state = self.lock();
        let is_there = !state.channel.is_over();
        if is_there {
            state.channel.begin_joining();
        }
        is_there
    }

    /// One of those has listened, or gone.
    pub(in crate::hub) fn end_joining(self: &Arc<Self>) -> Effects {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| channel.end_joining(config)).1
    }

    /// Takes note of what the store says, unless the channel is over.
    pub(in crate::hub) fn load(self: &Arc<Self>, facts: &Facts, now: Instant) -> Effects {
        let config = &self.shared.config.channel;
        let step = |channel: &mut Channel| {
            if !channel.is_over() {
                channel.load(facts, config, now);
            }
        };
        self.step(&mut self.lock(), step).1
    }

    /// The store does not say what it has.
    pub(in crate::hub) fn handle_silence(self: &Arc<Self>) -> Effects {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| channel.handle_silence(config)).1
    }

    /// The store has answered for what is behind `after`.
    pub(in crate::hub) fn handle_page(self: &Arc<Self>, after: u64, page: Option<Page>) -> Effects {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| channel.handle_page(after, page, config)).1
    }

    /// Whether somebody listens, or waits for the store to listen then.
    pub(in crate::hub) fn is_used(&self) -> bool {
        self.lock().channel.is_used()
    }

    /// Forgets the channel, unless it is used.
    pub(in crate::hub) fn forget(self: &Arc<Self>) -> Effects {
        let config = &self.shared.config.channel;
        self.step(&mut self.lock(), |channel| channel.give_way(config)).1
    }

    /// Which pages the store is to be asked for, and whether it is to be asked if there is more.
    pub(in crate::hub) fn take_to_ask(&self) -> (Vec<u64>, bool) {
        let channel = &mut self.lock().channel;
        (channel.take_to_ask(), channel.take_refresh())
    }
}
