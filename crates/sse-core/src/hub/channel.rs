use std::{task::Waker, time::Instant};

use bytes::Bytes;

use super::{
    ChannelInfo, HubEvent, Limit, SubscribeError,
    posting::{Appended, Posting, Refused},
    shared::Shared,
    state::{State, Status},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    system,
};
use crate::{
    CloseReason, Epoch, KEEPALIVE, Mode, Output, Resume, Start, Subscription, SubscriptionConfig,
    Token, Verdict,
};

/// A [`Log`] and those who listen to it, behind one lock.
///
/// It is open while someone listens or something is remembered. Once closed it stays so: its token
/// is free, at once or after a while, and it lives on only for the subscribers that still have to
/// read its end.
#[derive(Debug)]
pub(super) struct Channel {
    token: Token,
    mode: Mode,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

impl Channel {
    pub(super) fn new(
        token: Token,
        epoch: Option<Epoch>,
        shared: &Arc<Shared>,
        now: Instant,
    ) -> Self {
        let config = &shared.config;
        let history = config.history.as_ref().zip(epoch);
        let state = State::new(config.log.clone(), history, now);
        let mode = config.mode_of(&token);
        Self { token, mode, shared: shared.clone(), state: Mutex::new(state) }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// What it is and holds, while it is open.
    pub(super) fn info(&self) -> Option<ChannelInfo> {
        let state = self.lock();
        let events = state.log.end().event() - state.log.start().event();
        state.is_open().then(|| ChannelInfo {
            token: self.token.clone(),
            mode: self.mode,
            listeners: state.connected(),
            events: events as usize,
        })
    }

    /// Whether it is closed and nothing keeps its token.
    pub(super) fn is_gone(&self) -> bool {
        self.lock().status == Status::Closed { until: None }
    }

    /// Whether its token is kept at `now` although it is closed.
    pub(super) fn is_ended(&self, now: Instant) -> bool {
        self.lock().is_ended(now)
    }

    pub(super) fn listeners(&self) -> usize {
        self.lock().connected()
    }

    /// How much is held for listeners that have not read it.
    pub(super) fn unread(&self) -> usize {
        self.lock().log.lag_cost()
    }

    /// `None` if the channel is closed.
    pub(super) fn subscribe(
        &self,
        start: &Start,
        config: &SubscriptionConfig,
        now: Instant,
    ) -> Option<Result<Joined, SubscribeError>> {
        let mut state = self.lock();
        match self.enter(&mut state, now) {
            Entry::Open => (),
            Entry::Ended => return Some(Err(SubscribeError::Ended)),
            Entry::Closed => return None,
        }
        let replaced = match self.admit(&mut state) {
            Ok(replaced) => replaced,
            Err(refused) => return Some(Err(refused)),
        };
        let resume = state.log.resume(start);
        let subscription = match &resume {
            Some(resume) => Subscription::resume(config.clone(), &state.log, resume, now),
            None => Subscription::new(config.clone(), &state.log, now),
        };
        let subscription = subscription.with_preface(self.greeting(&state, resume.as_ref()));
        if let Some(Verdict::Gap(gap)) = resume.as_ref().map(Resume::verdict) {
            self.shared.tally.gap();
            self.emit(|token| HubEvent::Gap { token, gap: gap.clone() });
        }
        let end = state.log.end();
        let key = state.listeners.add(subscription.cursor(), end);
        let place = Place { subscription, key, phase: config.phase() };
        Some(Ok(Joined { place, resume, replaced }))
    }

    /// Whether [`Self::subscribe`] would succeed, and what it would say.
    pub(super) fn check_subscribe(
        &self,
        start: &Start,
        now: Instant,
    ) -> Result<Option<Resume>, SubscribeError> {
        let state = self.lock();
        if state.is_ended(now) {
            return Err(SubscribeError::Ended);
        }
        if self.is_taken(&state) {
            return Err(SubscribeError::Taken);
        }
        Ok(state.log.resume(start))
    }

    /// Appends what `posting` says for all listeners; `None` if the channel is closed.
    ///
    /// Events get their ids under the lock, so that these follow the order of the log.
    pub(super) fn append(
        &self,
        posting: &mut Posting<'_>,
        now: Instant,
    ) -> Option<Result<Appended, Refused>> {
        let mut state = self.lock();
        match self.enter(&mut state, now) {
            Entry::Open => (),
            Entry::Ended => return Some(Err(Refused::Ended)),
            Entry::Closed => return None,
        }
        let listeners = state.connected();
        if let Some(duplicate) = state.find_duplicate(posting) {
            return Some(Ok(Appended { listeners, ..duplicate }));
        }
        let frames = posting.encode(&state.log, now);
        let reserved = state.growth(posting, &frames);
        if !self.shared.history.try_add(reserved) {
            return Some(Err(Refused::NoRoom { needed: reserved }));
        }
        self.open(&mut state);
        let overrun = self.settle(&mut state, reserved, |state| {
            state.append(posting, frames, now);
            self.overrun(state)
        });
        self.close_if_deserted(&mut state);
        self.shared.tally.publish(posting.events());
        Some(Ok(Appended {
            id: posting.last_id(),
            is_duplicate: false,
            listeners,
            overrun,
            tickets: state.listeners.tickets(),
            due: state.schedule(),
        }))
    }

    /// The answer to a publication whose key is known.
    pub(super) fn find_duplicate(&self, posting: &Posting<'_>, now: Instant) -> Option<Appended> {
        let mut state = self.lock();
        let Entry::Open = self.enter(&mut state, now) else {
            return None;
        };
        let duplicate = state.find_duplicate(posting)?;
        Some(Appended { listeners: state.connected(), ..duplicate })
    }

    /// Ends the log after what was appended and frees the token, at once or at `until`; `None` if
    /// the channel is closed.
    pub(super) fn finish(&self, reason: CloseReason, until: Option<Instant>) -> Option<Ended> {
        let mut state = self.lock();
        if !state.is_open() {
            return None;
        }
        let listeners = state.connected();
        self.end(&mut state, reason, until);
        Some(Ended { listeners, tickets: state.listeners.tickets() })
    }

    /// Drops all that is not remembered; returns how many listeners had not read it.
    pub(super) fn cut_all_behind(&self) -> usize {
        let mut state = self.lock();
        let cut = self.settle(&mut state, 0, |state| {
            let end = state.log.end();
            state.log.trim(end);
            self.overrun(state)
        });
        self.close_if_deserted(&mut state);
        cut
    }

    /// If all that the channel is open for is to remember: when it was last told something, and how
    /// many bytes it remembers.
    pub(super) fn idle(&self) -> Option<(Instant, usize)> {
        let state = self.lock();
        let is_idle = state.is_open() && state.connected() == 0;
        let memory = state.memory.as_ref().filter(|_| is_idle)?;
        Some((memory.used(), state.history_cost()))
    }

    /// Forgets everything, if nobody listens; returns whether it did.
    pub(super) fn evict(&self) -> bool {
        let mut state = self.lock();
        let is_idle = state.is_open() && state.connected() == 0;
        if is_idle {
            self.end(&mut state, CloseReason::Finished, None);
        }
        is_idle
    }

    /// Forgets what is over age at `now`.
    pub(super) fn expire(&self, now: Instant) -> Left {
        let mut state = self.lock();
        state.is_scheduled = false;
        match self.enter(&mut state, now) {
            Entry::Open => Left::Open { due: state.schedule_after(now) },
            Entry::Ended => Left::Ended,
            Entry::Closed => Left::Closed,
        }
    }

    /// What the subscriber at `place` is to do; an idle one is woken by the next publication.
    pub(super) fn poll_output(&self, place: &mut Place, waker: &Waker, now: Instant) -> Output {
        let mut stale = None;
        let mut state = self.lock();
        let drain = self.shared.drain.get().map(|drain| (drain, drain.end_of(place.phase)));
        if let Some(at) = state.listeners.replaced_at(place.key) {
            place.subscription.handle_end(at, system::REPLACED, CloseReason::Replaced);
        } else if let Some((drain, _)) = drain.filter(|&(_, end)| end <= now) {
            let farewell = drain.farewell(place.phase, now);
            place.subscription.handle_end(state.log.end(), farewell, CloseReason::Shutdown);
        }
        let mut output = place.subscription.poll_output(&mut state.log, now);
        match &mut output {
            Output::Write(_) => self.settle(&mut state, 0, |state| {
                let (cursor, end) = (place.subscription.cursor(), state.log.end());
                state.listeners.advance(place.key, cursor, end);
                state.drop_read();
            }),
            Output::Wait { until } => {
                *until = [*until, drain.map(|(_, end)| end)].into_iter().flatten().min();
                stale = state.listeners.register(place.key, waker);
            }
            Output::Close(_) => (),
        }
        drop(state);
        drop(stale);
        output
    }

    /// Gives `place` up.
    pub(super) fn leave(&self, place: &Place) -> Left {
        let mut state = self.lock();
        let was_open = state.is_open();
        let stale = self.settle(&mut state, 0, |state| {
            let end = state.log.end();
            let stale = state.listeners.remove(place.key, end);
            state.drop_read();
            stale
        });
        self.close_if_deserted(&mut state);
        let left = match (was_open, state.is_open()) {
            (true, true) => Left::Open { due: state.schedule() },
            (true, false) => Left::Closed,
            (false, _) => Left::Ended,
        };
        drop(state);
        // It may own the last reference to a task whose drop takes the lock again.
        drop(stale);
        left
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

    /// The ticket below which all idle listeners have to be woken.
    pub(super) fn tickets(&self) -> u64 {
        self.lock().listeners.tickets()
    }

    /// Whether the channel is open at `now`, with what is over age forgotten.
    fn enter(&self, state: &mut State, now: Instant) -> Entry {
        if state.is_ended(now) {
            return Entry::Ended;
        }
        if state.is_open() && state.memory.is_some() {
            self.settle(state, 0, |state| state.expire(now));
            if state.status == Status::Open && state.is_deserted(Some(now)) {
                self.end(state, CloseReason::Finished, None);
            }
        }
        if state.is_open() { Entry::Open } else { Entry::Closed }
    }

    /// Makes room for one more listener, or says why there is none; returns below which ticket those
    /// have to be woken that it replaces.
    fn admit(&self, state: &mut State) -> Result<Option<u64>, SubscribeError> {
        if self.is_taken(state) {
            return Err(SubscribeError::Taken);
        }
        let (config, connected) = (&self.shared.config, state.connected());
        if self.mode == Mode::Takeover && 0 < connected {
            // The newcomer takes the place of one of them.
            let replaced = state.listeners.replace(state.log.end());
            self.shared.listeners.replace(replaced, 1);
            return Ok(Some(state.listeners.tickets()));
        }
        let refused = |limit, max| {
            self.shared.tally.refuse(limit);
            Err(SubscribeError::Limit { limit, max })
        };
        if config.max_channel_listeners <= connected {
            return refused(Limit::ChannelListeners, config.max_channel_listeners);
        }
        if !self.shared.listeners.try_add(1) {
            return refused(Limit::Listeners, config.max_listeners);
        }
        self.open(state);
        if connected == 0 {
            self.emit(|token| HubEvent::FirstListener { token });
        }
        Ok(None)
    }

    fn greeting(&self, state: &State, resume: Option<&Resume>) -> Bytes {
        let config = &self.shared.config;
        if config.has_greeting {
            system::open(resume, state.retry().unwrap_or(config.retry))
        } else {
            KEEPALIVE
        }
    }

    fn is_taken(&self, state: &State) -> bool {
        self.mode == Mode::Exclusive && 0 < state.connected()
    }

    /// Lets those fall out that stand before the log's start; returns how many they are.
    fn overrun(&self, state: &mut State) -> usize {
        let (start, end) = (state.log.start(), state.log.end());
        let on_overrun = self.shared.config.subscription.on_overrun();
        let listeners = state.listeners.overrun(start, end, on_overrun);
        state.drop_read();
        if 0 < listeners {
            self.shared.tally.overrun(listeners);
            self.emit(|token| HubEvent::Overrun { token, listeners });
        }
        listeners
    }

    fn open(&self, state: &mut State) {
        if state.status == Status::New {
            state.status = Status::Open;
            self.emit(|token| HubEvent::Opened { token });
        }
    }

    fn close_if_deserted(&self, state: &mut State) {
        if state.is_deserted(None) {
            self.end(state, CloseReason::Finished, None);
        }
    }

    /// Closes an open channel for whoever still reads it, and forgets what it remembers.
    fn end(&self, state: &mut State, reason: CloseReason, until: Option<Instant>) {
        self.settle(state, 0, |state| {
            if until.is_some() {
                state.log.append_aside(system::END);
                state.listeners.fall_behind();
            }
            state.log.finish(reason);
            state.memory = None;
            state.drop_read();
            state.status = Status::Closed { until };
        });
        self.emit(|token| HubEvent::Closed { token });
    }

    fn emit(&self, event: impl FnOnce(Token) -> HubEvent) {
        self.shared.watchers.emit(|| event(self.token.clone()));
    }

    /// Runs `change` and tells the gauges what became of what the channel holds; `reserved` bytes of
    /// history are counted already.
    fn settle<T>(
        &self,
        state: &mut State,
        reserved: usize,
        change: impl FnOnce(&mut State) -> T,
    ) -> T {
        let held = |state: &State| (state.log.lag_cost(), state.history_cost(), state.connected());
        let before = held(state);
        let answer = change(state);
        let now = held(state);
        self.shared.unread.replace(before.0, now.0);
        self.shared.history.replace(before.1 + reserved, now.1);
        self.shared.listeners.replace(before.2, now.2);
        if now.2 == 0 && 0 < before.2 {
            self.emit(|token| HubEvent::LastListener { token });
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let state = self.lock();
        self.shared.unread.replace(state.log.lag_cost(), 0);
        self.shared.history.replace(state.history_cost(), 0);
    }
}

/// A subscriber's place in a channel.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) subscription: Subscription,
    key: usize,
    phase: u16,
}

/// A new subscriber's place, and what it is to be told.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) place: Place,
    pub(super) resume: Option<Resume>,
    /// Idle listeners with a lower ticket were replaced and have to be woken.
    pub(super) replaced: Option<u64>,
}

/// Whom the end of a channel concerns.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) listeners: usize,
    pub(super) tickets: u64,
}

/// What a channel is to whoever comes.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Open,
    /// Closed, and its token is kept.
    Ended,
    Closed,
}

/// What became of a channel that a listener has left, or that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Left {
    /// It has to be looked at again when it is due.
    Open { due: Option<Instant> },
    /// It was closed before, and whoever closed it takes it out.
    Ended,
    /// It is to be taken out.
    Closed,
}
