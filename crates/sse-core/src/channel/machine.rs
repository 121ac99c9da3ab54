use std::time::{Duration, Instant};

use super::{
    ChannelConfig, CloseReason, Cursor, Log, Mode, Phase, Tombstone, Traffic, Window,
    in_store::InStore,
    keys::Keys,
    listener::{Flight, Listener, Presence, Special},
    listeners::Listeners,
    system,
};
use crate::{
    access::{Grant, Revocation},
    history::{Epochs, Kept, Resume, Start, decide, decide_by_log},
    hub::{HubLimit, SubscribeError},
    store::Facts,
    wire::{Frame, KEEPALIVE},
};

/// A channel: its log, who listens to it, and what it remembers beside its events.
///
/// It is open while someone listens or something is remembered. Once it is over it stays so, and is only
/// there for the listeners that still have to read its end.
///
/// It is plain state. Each method is one step, and what follows for others is left in it to be taken:
/// [`Self::take_fallen`], [`Self::take_tombstone`].
#[derive(Debug)]
pub(crate) struct Channel {
    pub(super) mode: Mode,
    pub(super) life: Life,
    pub(super) log: Log,
    pub(super) listeners: Listeners,
    pub(super) keys: Option<Box<Keys>>,
    /// The reconnection time that was last asked for.
    pub(super) retry: Option<(Duration, Instant)>,
    /// Where what was published last begins: who has read all before it does not fall out for it.
    pub(super) newest: Cursor,
    /// When it was last published to or joined.
    pub(super) used: Instant,
    /// How many listeners have fallen out of the log and were not taken note of.
    pub(super) fallen: usize,
    /// What is known of a store, if there is one.
    pub(super) stored: Option<Box<InStore>>,
}

#[derive(Debug)]
pub(super) enum Life {
    /// Nobody has listened or published yet.
    New {
        /// Whether it goes on from a tombstone.
        continues: bool,
    },
    Open,
    Over(Option<Tombstone>),
}

impl Channel {
    /// A channel without listeners whose next event has the number `next`, and with a history belongs to
    /// the last of `epochs`.
    pub(crate) fn new(
        mode: Mode,
        (next, epochs): (u64, Option<Epochs>),
        continues: bool,
        config: &ChannelConfig,
        now: Instant,
    ) -> Self {
        let history = config.history.as_ref().zip(epochs);
        let window = history.map(|(history, epochs)| Window::new(history, next, epochs));
        Self {
            mode,
            life: Life::New { continues },
            log: Log::new(next, window),
            listeners: Listeners::default(),
            keys: None,
            retry: None,
            newest: Cursor::new(next, 0),
            used: now,
            fallen: 0,
            stored: config.has_store.then(|| Box::new(InStore::new(now))),
        }
    }

    /// Adds a listener at `phase` that begins at `start`.
    pub(crate) fn listen(
        &mut self,
        newcomer: &Newcomer<'_>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Result<Joined, SubscribeError> {
        if self.is_taken(now) {
            return Err(SubscribeError::Taken);
        }
        self.check_claim(newcomer.facts, config)?;
        if self.mode == Mode::Exclusive {
            self.listeners.expire_latest(&mut self.log, now);
        }
        let resume = self.resume(newcomer.start, newcomer.facts, config)?;
        let here = self.listeners.here();
        let has_replaced = self.mode == Mode::Takeover && 0 < here;
        if !has_replaced && newcomer.max_listeners <= here {
            let (limit, max) = (HubLimit::ChannelListeners, newcomer.max_listeners);
            return Err(SubscribeError::Limit { limit, max });
        }
        if has_replaced {
            self.listeners.dismiss(CloseReason::Replaced, &mut self.log);
        }
        let end = self.log.end();
        let event = resume.as_ref().map_or(end.event, |resume| resume.anchor().seq() + 1);
        let opening = if config.has_greeting {
            let retry = self.retry.map_or(config.retry, |(retry, _)| retry);
            system::open(resume.as_ref(), retry)
        } else {
            KEEPALIVE
        };
        let opening = Some(Vec::from(opening).into());
        let special = Special { opening, ..Special::default() };
        let listener = Listener {
            cursor: Cursor::new(event, end.aside),
            last_write: now,
            presence: Presence::Here,
            flight: Flight::None,
            is_replaying: event < end.event,
            phase: newcomer.phase,
            grant: newcomer.grant.cloned(),
            special: Some(Box::new(special)),
        };
        let key = self.listeners.add(listener, &mut self.log);
        (self.life, self.used) = (Life::Open, self.used.max(now));
        Ok(Joined { key, resume, has_replaced })
    }

    /// The grant that the listener `key` came with, if it is there and came with one.
    pub(crate) fn grant(&self, key: usize) -> Option<&Grant> {
        self.listeners.grant(key)
    }

    /// Ends the stream of the listener `key`, if it came with a grant that `revocation` matches. Nobody else can
    /// have come with one since, whose stream may go on.
    pub(crate) fn revoke(&mut self, key: usize, revocation: &Revocation, config: &ChannelConfig) {
        if self.grant(key).is_some_and(|grant| revocation.matches(grant)) {
            self.listeners.stop_one(key, CloseReason::Revoked, &mut self.log);
            self.forget_if_deserted(config);
        }
    }

    /// The listener `key` has no connection any more.
    pub(crate) fn disconnect(&mut self, key: usize, config: &ChannelConfig) {
        self.listeners.remove(key, &mut self.log);
        self.forget_if_deserted(config);
    }

    /// Ends the life of the channel: its listeners read on to the end of the log, and nothing is
    /// remembered but `tombstone`.
    pub(crate) fn end(
        &mut self,
        reason: CloseReason,
        tombstone: Option<Tombstone>,
        config: &ChannelConfig,
    ) {
        self.listeners.dismiss(reason, &mut self.log);
        self.log.forget();
        (self.keys, self.retry) = (None, None);
        self.life = Life::Over(tombstone);
        // What was remembered is only there to be read now.
        self.bound(config);
    }

    /// Finishes the channel: its token is kept for a while, or free at once.
    pub(crate) fn finish(&mut self, config: &ChannelConfig, now: Instant) {
        let has_been = !matches!(self.life, Life::New { continues: false });
        let ttl = config.closed_ttl.filter(|_| has_been);
        let closed = ttl.map(|ttl| Tombstone::Closed { until: now.checked_add(ttl) });
        self.end(CloseReason::Finished, closed, config);
    }

    /// Forgets the channel, where nobody listens; otherwise nothing happens.
    pub(crate) fn give_way(&mut self, config: &ChannelConfig) {
        if !self.is_over() && self.listeners.here() == 0 && !self.is_joined() {
            // What a store keeps needs no other proof.
            let tombstone = if config.has_store { None } else { self.forgotten() };
            self.end(CloseReason::Finished, tombstone, config);
        }
    }

    /// Lets go of the bytes that were joined for one write.
    pub(crate) fn forget_joined(&mut self) {
        self.log.forget_joined();
        self.listeners.forget_pages();
    }

    /// Cuts all who still have to read what is not remembered.
    pub(crate) fn cut(&mut self, config: &ChannelConfig) {
        if self.log.evict_all() {
            self.fall_out(config);
        }
        self.forget_if_deserted(config);
    }

    /// Cuts those who still have to read what came before the last publication.
    pub(crate) fn cut_older(&mut self, config: &ChannelConfig) {
        if self.log.evict(0, self.newest) {
            self.fall_out(config);
        }
        self.forget_if_deserted(config);
    }

    /// Where a listener begins that asks for `start`, in a channel with history; with a store by `facts`, which may
    /// not be needed.
    pub(crate) fn resume(
        &self,
        start: &Start,
        facts: Option<&Facts>,
        config: &ChannelConfig,
    ) -> Result<Option<Resume>, SubscribeError> {
        let Some(window) = self.log.window() else {
            return Ok(None);
        };
        if !self.is_loaded() {
            return Err(SubscribeError::Unloaded);
        }
        let held = window.kept(self.log.end().event);
        match facts {
            Some(facts) => {
                let first = held.first.min(facts.first());
                Ok(Some(decide(start, Kept { first, ..held })))
            }
            None if config.has_store => {
                decide_by_log(start, held).map(Some).ok_or(SubscribeError::Unloaded)
            }
            None => Ok(Some(decide(start, held))),
        }
    }

    /// The same for one that only asks.
    pub(crate) fn check_resume(
        &self,
        start: &Start,
        facts: Option<&Facts>,
        config: &ChannelConfig,
    ) -> Result<Option<Resume>, SubscribeError> {
        self.check_claim(facts, config)?;
        self.resume(start, facts, config)
    }

    /// Whether another listener would be refused because the channel is exclusive. A listener whose grant has
    /// ended does not hold it, even if it has not been polled since.
    pub(crate) fn is_taken(&self, now: Instant) -> bool {
        self.mode == Mode::Exclusive && self.listeners.is_held(now)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.life, Life::Open)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.life, Life::Over(_))
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// How many events are held.
    pub(crate) fn events(&self) -> usize {
        (self.log.end().event - self.log.start().event) as usize
    }

    /// How many events were published, in lives that it goes on from too.
    pub(crate) fn published(&self) -> u64 {
        self.log.end().event - 1
    }

    /// How many events are held that a listener still has to read.
    pub(crate) fn lag(&self) -> u64 {
        self.log.lag(self.listeners.here())
    }

    /// The newest of the events that are remembered, with their numbers and when they came: as many as cost
    /// `max_cost` together, if each costs `overhead` beside its bytes.
    pub(crate) fn remembered(
        &self,
        max_cost: usize,
        overhead: usize,
    ) -> impl Iterator<Item = (u64, &Frame, Instant)> {
        self.log.remembered(max_cost, overhead)
    }

    /// When the channel was last published to or joined.
    pub(crate) fn used(&self) -> Instant {
        self.used
    }

    /// What the channel leaves behind, once it is over.
    pub(crate) fn take_tombstone(&mut self) -> Option<Tombstone> {
        match &mut self.life {
            Life::Over(tombstone) => tombstone.take(),
            _ => None,
        }
    }

    /// How many have fallen out of the log since this was last asked.
    pub(crate) fn take_fallen(&mut self) -> usize {
        std::mem::take(&mut self.fallen)
    }

    /// Lets `take` take note of what was written and ended, if it is time.
    #[inline]
    pub(crate) fn report_traffic(&mut self, take: impl FnOnce(&mut Traffic)) {
        self.listeners.report_traffic(take);
    }

    /// Forgets the channel where nobody listens and nothing is remembered.
    pub(crate) fn forget_if_deserted(&mut self, config: &ChannelConfig) {
        if !self.is_over() && !self.is_needed() {
            self.give_way(config);
        }
    }

    /// Keeps the log within its bound, but holds on to what was published last.
    pub(super) fn bound(&mut self, config: &ChannelConfig) {
        if self.log.evict(config.max_log_bytes, self.newest) {
            self.fall_out(config);
        }
    }

    /// Cuts those who stand before the start of the log, or has them go on from there.
    pub(super) fn fall_out(&mut self, config: &ChannelConfig) {
        if config.has_store {
            return self.listeners.fall_behind(&mut self.log);
        }
        self.fallen += self.listeners.fall_out(config.on_overrun, &mut self.log);
    }

    /// A listener that the log has overtaken during a write stands at `place` after it.
    pub(super) fn land(&mut self, key: usize, place: Cursor, config: &ChannelConfig) {
        if config.has_store {
            return self.listeners.land_behind(key, place, &mut self.log);
        }
        let has_fallen = self.listeners.land(key, place, config.on_overrun, &mut self.log);
        self.fallen += usize::from(has_fallen);
    }

    fn forgotten(&self) -> Option<Tombstone> {
        if let Life::New { continues: false } = self.life {
            return None;
        }
        let epochs = self.log.window()?.epochs().clone();
        Some(Tombstone::Forgotten { next: self.log.end().event, epochs })
    }
}

/// A listener that wants to be let in: where it wants to begin, and the grant that permits it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Newcomer<'a> {
    pub(crate) start: &'a Start,
    /// What a store says of the channel, if it was asked.
    pub(crate) facts: Option<&'a Facts>,
    pub(crate) grant: Option<&'a Grant>,
    pub(crate) phase: Phase,
    /// How many there may be on the channel.
    pub(crate) max_listeners: usize,
}

/// A new listener.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) key: usize,
    pub(crate) resume: Option<Resume>,
    /// Whether another had to leave for it.
    pub(crate) has_replaced: bool,
}
