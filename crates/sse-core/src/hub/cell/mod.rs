mod listener;
mod stored;
mod turn;

use std::{cmp::Reverse, task::Waker, time::Instant};

use super::{
    ChannelInfo, HubEvent, Observed,
    effects::Effects,
    idle::Idle,
    mailbox::Mailbox,
    observe::{MAX_COST, OVERHEAD},
    shared::Shared,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::{
    Token,
    channel::{Channel, Held, Mode, Outcome, Publication},
    wire::Frame,
};

/// A [`Channel`] behind its lock.
///
/// Each method takes the lock once, runs one step of the channel and takes note of what it holds then.
/// What follows for others is handed back: who is to be woken, who has fallen out, whether it is over.
#[derive(Debug)]
pub(super) struct Cell {
    token: Token,
    serial: u64,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    channel: Channel,
    idle: Idle,
    /// What the gauges and the watchers were told of the channel.
    told: Told,
    listed: Listed,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Told {
    held: Held,
    is_open: bool,
}

/// Under what the channel stands in the queues of [`Shared`], which may be no longer true.
#[derive(Debug, Default)]
struct Listed {
    due: Option<Instant>,
    deserted: Option<Instant>,
    history: Option<usize>,
    unread: Option<usize>,
}

impl Cell {
    pub(super) fn new(token: Token, serial: u64, channel: Channel, shared: Arc<Shared>) -> Self {
        let (idle, told, listed) = (Idle::default(), Told::default(), Listed::default());
        let state = State { channel, idle, told, listed };
        Self { token, serial, shared, state: Mutex::new(state) }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// What tells it from all other channels of the hub.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// Publishes, unless the channel is over; `publication` is taken then only.
    pub(super) fn publish(
        self: &Arc<Self>,
        publication: &mut Option<Publication>,
        now: Instant,
    ) -> (Option<Outcome>, Effects) {
        let config = &self.shared.config;
        self.step(&mut self.lock(), |channel| {
            channel.forget_old(&config.channel, now);
            if channel.is_over() {
                return None;
            }
            let observers = self.shared.watchers.observers_of(&self.token);
            let appended = |number: u64, frame: &Frame, at| observers.show(number, frame, at);
            let (ids, config) = (config.ids.as_deref(), &config.channel);
            Some(channel.publish(publication, (ids, appended), config, now))
        })
    }

    /// Puts into `mailbox` what is remembered, the newest of it as far as there is room, and then what happens;
    /// unless the channel is over. Returns whether it is not.
    pub(super) fn observe(&self, mailbox: &Arc<Mailbox<Observed>>) -> bool {
        let state = self.lock();
        if state.channel.is_over() {
            return false;
        }
        for (number, frame, at) in state.channel.remembered(MAX_COST, OVERHEAD) {
            let observed = Observed::Event { number, at, frame: frame.clone() };
            let cost = observed.cost();
            mailbox.push(observed, cost);
        }
        // Under the lock, so that what is published next is not missed.
        self.shared.watchers.add_observer(&self.token, mailbox);
        true
    }

    /// Ends the channel with what `end` does, unless it is over; returns how many were here.
    pub(super) fn end(
        self: &Arc<Self>,
        end: impl FnOnce(&mut Channel),
    ) -> (Option<usize>, Effects) {
        self.step(&mut self.lock(), |channel| {
            let here = (!channel.is_over()).then(|| channel.held().here)?;
            end(channel);
            Some(here)
        })
    }

    /// Forgets what is over age, when the instant has come that was noted for it.
    pub(super) fn expire(self: &Arc<Self>, now: Instant) -> Effects {
        let config = &self.shared.config.channel;
        let mut state = self.lock();
        state.listed.due = None;
        let ((), effects) = self.step(&mut state, |channel| channel.forget_old(config, now));
        self.list(&mut state);
        effects
    }

    /// Forgets half of what is remembered, if it is still as much as `listed`.
    pub(super) fn shrink(self: &Arc<Self>, listed: usize) -> Effects {
        let config = &self.shared.config.channel;
        let mut state = self.lock();
        // Another step may have listed it anew, since it was taken out of the queue.
        state.listed.history.take_if(|known| *known == listed);
        let ((), effects) = self.step(&mut state, |channel| {
            if listed <= channel.held().history {
                channel.shrink(config);
            }
        });
        self.list(&mut state);
        effects
    }

    /// Takes note that the channel was taken out of the queue where it was `listed`; [`Self::cut`] lists it
    /// again.
    pub(super) fn unlist_unread(&self, listed: usize) {
        // Another step may have listed it anew.
        self.lock().listed.unread.take_if(|known| *known == listed);
    }

    /// Lets `cut` cut who is behind.
    pub(super) fn cut(self: &Arc<Self>, cut: impl FnOnce(&mut Channel)) -> Effects {
        let mut state = self.lock();
        let ((), effects) = self.step(&mut state, cut);
        self.list(&mut state);
        effects
    }

    /// Forgets the channel to make room for another, if nobody listens and it was not used since `last`.
    pub(super) fn give_way(self: &Arc<Self>, last: Instant) -> Effects {
        let config = &self.shared.config.channel;
        let mut state = self.lock();
        state.listed.deserted = None;
        let ((), effects) = self.step(&mut state, |channel| {
            if channel.used() <= last {
                channel.give_way(config);
            }
        });
        self.list(&mut state);
        effects
    }

    /// When the channel was last published to or joined.
    pub(super) fn used(&self) -> Instant {
        self.lock().channel.used()
    }

    /// Takes idle listeners' wakers, oldest first, as long as their tickets are below `until`.
    pub(super) fn take_wakers(&self, until: u64, batch: &mut [Option<Waker>]) -> usize {
        let mut state = self.lock();
        let mut taken = 0;
        while taken < batch.len() {
            let Some(waker) = state.idle.take(until) else {
                break;
            };
            batch[taken] = Some(waker);
            taken += 1;
        }
        taken
    }

    /// The ticket below which all idle listeners have to be woken.
    pub(super) fn tickets(&self) -> u64 {
        self.lock().idle.next_ticket()
    }

    /// Leaves its tombstone, once it is over. It is there before the lock is free again, so that nobody
    /// finds neither the channel nor the tombstone.
    pub(super) fn leave_tombstone(&self) {
        let mut state = self.lock();
        if let Some(tombstone) = state.channel.take_tombstone() {
            self.shared.tombstones.put(&self.token, tombstone);
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.lock().channel.mode()
    }

    pub(super) fn listeners(&self) -> usize {
        self.lock().channel.held().here
    }

    /// What it is and holds, while it is open.
    pub(super) fn info(&self) -> Option<ChannelInfo> {
        let state = self.lock();
        let held = state.channel.held();
        state.channel.is_open().then(|| ChannelInfo {
            token: self.token.clone(),
            mode: state.channel.mode(),
            listeners: held.here,
            events: state.channel.events(),
            published: state.channel.published(),
            lag: state.channel.lag(),
            unread_bytes: held.to_read(),
            history_bytes: held.history,
        })
    }

    /// What it holds, added up piece by piece.
    pub(super) fn recount(&self) -> Held {
        self.lock().channel.recount()
    }

    /// How many listeners have left or are leaving.
    pub(super) fn leaving(&self) -> usize {
        self.lock().channel.leaving()
    }

    /// Runs one step, and takes note of what has changed.
    fn step<T>(
        self: &Arc<Self>,
        state: &mut State,
        step: impl FnOnce(&mut Channel) -> T,
    ) -> (T, Effects) {
        let answer = step(&mut state.channel);
        let fallen = state.channel.take_fallen();
        self.note(state, fallen);
        let (is_over, tickets) = (state.channel.is_over(), state.idle.next_ticket());
        let has_to_ask = state.channel.has_to_ask();
        let is_left = state.channel.take_left();
        (answer, Effects { fallen, is_over, is_left, has_to_ask, tickets })
    }

    #[inline]
    fn note(self: &Arc<Self>, state: &mut State, fallen: usize) {
        state.channel.report_traffic(|traffic| self.shared.tally.take(traffic));
        let now = Told { held: state.channel.held(), is_open: state.channel.is_open() };
        if now != state.told || 0 < fallen {
            self.tell(state, now, fallen);
        }
    }

    /// Tells the gauges, the queues and the watchers what has changed.
    fn tell(self: &Arc<Self>, state: &mut State, now: Told, fallen: usize) {
        let Told { held: before, is_open: was_open } = std::mem::replace(&mut state.told, now);
        let Told { held, is_open } = now;
        self.shared.unread.replace(before.unread, held.unread);
        self.shared.joined.replace(before.joined, held.joined);
        self.shared.history.replace(before.history, held.history);
        self.shared.here.replace(before.here, held.here);
        let token = || self.token.clone();
        if !was_open && is_open {
            self.emit(|| HubEvent::Opened { token: token() });
        }
        if before.here == 0 && 0 < held.here {
            self.emit(|| HubEvent::FirstListener { token: token(), listeners: held.here });
        }
        if 0 < fallen {
            self.shared.tally.overrun(fallen);
            self.emit(|| HubEvent::Overrun { token: token(), listeners: fallen });
        }
        if 0 < before.here && held.here == 0 {
            self.emit(|| HubEvent::LastListener { token: token(), listeners: 0 });
        }
        if was_open && !is_open {
            self.emit(|| HubEvent::Closed { token: token() });
        }
        self.list(state);
    }

    /// Sees that the channel stands in every queue where it has to be found.
    fn list(self: &Arc<Self>, state: &mut State) {
        let State { channel, listed, told, .. } = state;
        let (held, shared) = (told.held, &self.shared);
        let to_read = held.to_read();
        if shared.bounds.least_unread() < to_read && is_much_more(to_read, listed.unread) {
            let before = listed.unread.replace(to_read);
            before.inspect(|&before| shared.most_unread.remove(Reverse(before), self.serial));
            shared.most_unread.put(Reverse(to_read), self);
        }
        if shared.config.channel.history.is_none() || !channel.is_open() {
            return;
        }
        if is_much_more(held.history, listed.history) {
            let before = listed.history.replace(held.history);
            before.inspect(|&before| shared.most_history.remove(Reverse(before), self.serial));
            shared.most_history.put(Reverse(held.history), self);
        }
        if listed.due.is_none() {
            listed.due = channel.deadline(&shared.config.channel);
            listed.due.inspect(|&due| shared.due.put(due, self));
        }
        if listed.deserted.is_none() && held.here == 0 {
            listed.deserted = Some(channel.used());
            shared.deserted.put(channel.used(), self);
        }
    }

    fn emit(&self, event: impl FnOnce() -> HubEvent) {
        self.shared.watchers.emit(event);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let state = self.lock();
        let listed = &state.listed;
        listed.due.inspect(|&due| self.shared.due.remove(due, self.serial));
        listed.deserted.inspect(|&used| self.shared.deserted.remove(used, self.serial));
        listed.history.inspect(|&held| self.shared.most_history.remove(Reverse(held), self.serial));
        listed.unread.inspect(|&held| self.shared.most_unread.remove(Reverse(held), self.serial));
    }
}

/// Whether a channel that was listed under `listed` has to be listed anew: as long as it holds less than
/// twice of that, it is found early enough.
fn is_much_more(held: usize, listed: Option<usize>) -> bool {
    listed.map_or(0 < held, |listed| 2 * listed <= held)
}
