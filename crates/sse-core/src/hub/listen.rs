use std::time::{Duration, Instant};

use super::{
    Hub, HubLimit, SubscribeError, Subscriber,
    cell::Cell,
    gauge::Gauge,
    lives::NotOpened,
    sync::{Arc, Ordering},
};
use crate::{
    Token,
    access::Grant,
    channel::{Joined, Newcomer, Phase, Tombstone},
    history::{Kept, Resume, Start, decide},
    mix::GOLDEN_SECTION,
    store::Facts,
};

/// The way of a listener into a channel.
impl Hub {
    /// A listener on the channel `token` that receives what is published from now on.
    ///
    /// # Errors
    ///
    /// See [`Self::subscribe_from`].
    pub fn subscribe(
        self: &Arc<Self>,
        token: &Token,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        self.subscribe_from(token, &Start::default(), now)
    }

    /// A listener on the channel `token` that receives what the channel remembers from `start` on,
    /// and then what is published, nothing of it twice. Without history `start` has no effect.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Taken`] if the channel is exclusive and someone listens;
    /// [`SubscribeError::Ended`] if it was finished not long ago; [`SubscribeError::Limit`] if there
    /// are as many channels or listeners as there may be; [`SubscribeError::Shutdown`] after
    /// [`Self::drain`] or [`Self::shutdown`]; [`SubscribeError::Unloaded`] in a hub with a store, if that has to be
    /// asked, as [`Self::join`] does.
    pub fn subscribe_from(
        self: &Arc<Self>,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        self.subscribe_granted(token, start, None, now)
    }

    /// Like [`Self::subscribe_from`], for a listener with `grant`: the stream ends when the grant ends or is
    /// [revoked](Self::revoke). Whether the grant permits listening is not checked.
    ///
    /// # Errors
    ///
    /// Those of [`Self::subscribe_from`], and [`SubscribeError::GrantEnded`].
    pub fn subscribe_granted(
        self: &Arc<Self>,
        token: &Token,
        start: &Start,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        self.subscribe_with(token, (start, None), grant, now)
    }

    /// The same, by what a store has said.
    pub(crate) fn subscribe_with(
        self: &Arc<Self>,
        token: &Token,
        (start, facts): (&Start, Option<&Facts>),
        grant: Option<&Grant>,
        now: Instant,
    ) -> Result<Subscriber, SubscribeError> {
        if !self.table.is_open(token) {
            return Err(SubscribeError::Shutdown);
        }
        if grant.is_some_and(|grant| self.has_ended(grant, now)) {
            return Err(SubscribeError::GrantEnded);
        }
        self.forget_old(now);
        let max_listeners = self.shared.bounds.channel_listeners();
        let newcomer = Newcomer { start, facts, grant, phase: self.next_phase(), max_listeners };
        let joined = self.let_in(token, &newcomer, now);
        self.shared.watchers.wake();
        if let Err(SubscribeError::Limit { limit, .. }) = joined {
            self.shared.tally.refuse(limit);
        }
        let (cell, Joined { key, resume, has_replaced }) = joined?;
        let listener = Subscriber::new(self.clone(), cell, key, grant, resume, has_replaced);
        // Once more: what is revoked from here on finds this listener.
        if grant.is_some_and(|grant| self.has_ended(grant, now)) {
            return Err(SubscribeError::GrantEnded);
        }
        Ok(listener)
    }

    /// Whether [`Self::subscribe_from`] would succeed, without listening, and what the listener would
    /// be told: nothing without history, or of a channel that nobody knows yet.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Taken`], [`SubscribeError::Ended`] and [`SubscribeError::Shutdown`] as there.
    pub fn check_subscribe(
        &self,
        token: &Token,
        start: &Start,
        now: Instant,
    ) -> Result<Option<Resume>, SubscribeError> {
        self.check_subscribe_with(token, (start, None), now)
    }

    /// The same, by what a store has said.
    pub(crate) fn check_subscribe_with(
        &self,
        token: &Token,
        (start, facts): (&Start, Option<&Facts>),
        now: Instant,
    ) -> Result<Option<Resume>, SubscribeError> {
        if !self.table.is_open(token) {
            return Err(SubscribeError::Shutdown);
        }
        self.forget_old(now);
        if let Some(cell) = self.table.find(token) {
            let (checked, effects) = cell.check_listen((start, facts), now);
            self.follow(&cell, effects);
            if let Some(checked) = checked {
                return checked;
            }
        }
        match self.shared.tombstones.find(token, now) {
            Some(Tombstone::Closed { .. }) => Err(SubscribeError::Ended),
            _ if self.config().store().is_some() => Err(SubscribeError::Unloaded),
            Some(Tombstone::Forgotten { next, epochs }) => {
                Ok(Some(decide(start, Kept { first: next, top: next - 1, epochs: &epochs })))
            }
            None => Ok(None),
        }
    }

    /// When a client may come back that is refused at `now`, if the hub is draining.
    pub(crate) fn return_after(&self, now: Instant) -> Option<Duration> {
        Some(self.shared.drain.get()?.return_after(self.next_phase(), now))
    }

    /// A place that is drawn anew at each call: a golden section away from the last one, which spreads any
    /// number of them evenly without a random source.
    pub(crate) fn next_phase(&self) -> Phase {
        let phase = self.phase.fetch_add(GOLDEN_SECTION, Ordering::Relaxed);
        Phase((phase >> (u64::BITS - u16::BITS)) as u16)
    }

    fn let_in(
        &self,
        token: &Token,
        newcomer: &Newcomer<'_>,
        now: Instant,
    ) -> Result<(Arc<Cell>, Joined), SubscribeError> {
        let (limit, max) = (HubLimit::Listeners, self.shared.connected.max());
        if !self.shared.connected.try_add(1) {
            // That the channel is taken or over is so for longer, and is said first.
            self.check_subscribe_with(token, (newcomer.start, newcomer.facts), now)?;
            return Err(SubscribeError::Limit { limit, max });
        }
        let seat = Seat(&self.shared.connected);
        let joined = self.let_in_counted(token, newcomer, now)?;
        std::mem::forget(seat);
        Ok(joined)
    }

    fn let_in_counted(
        &self,
        token: &Token,
        newcomer: &Newcomer<'_>,
        now: Instant,
    ) -> Result<(Arc<Cell>, Joined), SubscribeError> {
        loop {
            let cell = self.open(token, now).map_err(|refused| self.not_listening(refused))?;
            let (joined, effects) = cell.listen(newcomer, now);
            self.follow(&cell, effects);
            match joined {
                Some(joined) => return Ok((cell, joined?)),
                None => self.take_out(&cell),
            }
        }
    }

    pub(super) fn not_listening(&self, refused: NotOpened) -> SubscribeError {
        match refused {
            NotOpened::Closed => SubscribeError::Ended,
            NotOpened::Shutdown => SubscribeError::Shutdown,
            NotOpened::Full => {
                let (limit, max) = (HubLimit::Channels, self.shared.bounds.channels());
                SubscribeError::Limit { limit, max }
            }
        }
    }
}

/// A place among all listeners, given back unless it is forgotten: also if the user's code panics.
struct Seat<'a>(&'a Gauge);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.replace(1, 0);
    }
}
