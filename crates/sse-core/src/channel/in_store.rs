use std::time::{Duration, Instant};

use super::{
    Channel, ChannelConfig, CloseReason, Mode, Tombstone,
    listener::{Listener, Presence},
};
use crate::{hub::SubscribeError, store::Facts};

/// How a channel stands to its store.
#[derive(Debug)]
pub(super) struct InStore {
    past: Past,
    /// How many wait for the store to listen then.
    joining: u32,
    /// When the store was asked last whether it has more.
    refreshed: Instant,
    has_to_refresh: bool,
    /// How often the store said less than is known, since it said more.
    old_facts: u8,
    /// Whether somebody used the channel when that was last asked.
    was_used: bool,
}

impl InStore {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            past: Past::Unknown,
            joining: 0,
            refreshed: now,
            has_to_refresh: false,
            old_facts: 0,
            was_used: false,
        }
    }
}

/// What is known of the time before the log of a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Past {
    /// All that there is to know.
    Known,
    /// Nothing before the store has said it.
    Unknown,
    /// The same, and the first event that was accepted since has this number.
    UnknownBefore(u64),
}

/// What a channel knows of its store, and the store of it.
impl Channel {
    /// Somebody asks the store for what is known of the channel, to listen then.
    pub(crate) fn begin_joining(&mut self) {
        if let Some(stored) = &mut self.stored {
            stored.joining += 1;
        }
    }

    /// One of those has listened, or gone.
    pub(crate) fn end_joining(&mut self, config: &ChannelConfig) {
        if let Some(stored) = &mut self.stored {
            stored.joining -= 1;
        }
        self.forget_if_deserted(config);
    }

    /// Takes note of what the store says of the channel. Where the store has more than the log, the log begins anew
    /// behind it; where it has something else, or the channel is finished, the channel ends.
    pub(crate) fn load(&mut self, facts: &Facts, config: &ChannelConfig, now: Instant) {
        if let Some(left) = facts.finished() {
            let closed = Tombstone::Closed { until: now.checked_add(left) };
            return self.end(CloseReason::Finished, Some(closed), config);
        }
        let (top, end) = (facts.top(), self.log.end().event);
        if end <= top.seq() || self.past() != Past::Known {
            self.part_with_diverged(facts);
        }
        match self.past() {
            // They are older than what was accepted since, and the store is asked again; or it has lost that.
            Past::UnknownBefore(first) if top.seq() + 1 < first => {
                if self.note_old_facts() {
                    self.break_off(config);
                }
                return;
            }
            Past::UnknownBefore(first) if top.seq() < end => {
                self.log.put_epochs_before(first, facts.epochs().clone());
            }
            Past::Known if top.seq() < end && self.contradicts(top) => {
                return self.break_off(config);
            }
            Past::Known if top.seq() < end => (),
            _ => {
                self.log.jump(top.seq() + 1);
                self.log.set_epochs(facts.epochs().clone());
                self.listeners.fall_behind(&mut self.log);
            }
        }
        if self.past() != Past::Known {
            self.set_past(Past::Known);
            self.retry = self.retry.or_else(|| Some((facts.retry()?, now)));
        }
    }

    /// Where the store has another epoch at a place than the one that a listener has read there, its stream ends: it
    /// comes back, and is told.
    fn part_with_diverged(&mut self, facts: &Facts) {
        let Some(window) = self.log.window() else {
            return;
        };
        let has_diverged = |listener: &Listener| {
            let last = window.position(listener.whole().event() - 1);
            listener.presence != Presence::Gone && facts.epochs().contradict(last)
        };
        for key in self.listeners.keys(has_diverged) {
            self.listeners.stop_one(key, CloseReason::Failed, &mut self.log);
        }
    }

    /// The store does not say what it has: those do not wait for it who have to know.
    pub(crate) fn handle_silence(&mut self, config: &ChannelConfig) {
        let start = self.log.start().event;
        if !self.is_loaded() {
            let is_behind = |listener: &Listener| {
                listener.presence != Presence::Gone && listener.cursor.event < start
            };
            for key in self.listeners.keys(is_behind) {
                self.listeners.stop_one(key, CloseReason::Failed, &mut self.log);
            }
            self.forget_if_deserted(config);
        }
    }

    /// The store is to be asked what it has.
    pub(super) fn need_facts(&mut self) {
        if let Some(stored) = &mut self.stored {
            stored.has_to_refresh = true;
        }
    }

    /// Returns whether facts were too old again and again, so that newer ones are not to be expected.
    fn note_old_facts(&mut self) -> bool {
        self.stored.as_mut().is_some_and(|stored| {
            stored.old_facts += 1;
            MAX_OLD_FACTS < stored.old_facts
        })
    }

    pub(super) fn past(&self) -> Past {
        self.stored.as_ref().map_or(Past::Known, |stored| stored.past)
    }

    pub(super) fn set_past(&mut self, past: Past) {
        if let Some(stored) = &mut self.stored {
            (stored.past, stored.old_facts) = (past, 0);
        }
    }

    /// Whether all is known that came before the log.
    pub(super) fn is_loaded(&self) -> bool {
        self.past() == Past::Known
    }

    /// Whether somebody waits for the store to listen then.
    pub(super) fn is_joined(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| 0 < stored.joining)
    }

    /// Whether somebody listens, or waits for the store to listen then.
    pub(crate) fn is_used(&self) -> bool {
        !self.is_over() && (0 < self.listeners.here() || self.is_joined())
    }

    /// Whether that was so before and is no longer.
    #[inline]
    pub(crate) fn take_left(&mut self) -> bool {
        let is_used = self.stored.is_some() && self.is_used();
        self.stored.as_mut().is_some_and(|stored| {
            let was_used = std::mem::replace(&mut stored.was_used, is_used);
            was_used && !is_used
        })
    }

    /// The one listener that the channel has is told that another has come, elsewhere.
    pub(crate) fn give_to_successor(&mut self, config: &ChannelConfig) {
        if !self.is_over() {
            self.listeners.dismiss(CloseReason::Replaced, &mut self.log);
            self.forget_if_deserted(config);
        }
    }

    /// Whether a listener has to be claimed from the store first, which others use too, and whether it cannot be: by
    /// `facts`, what the store has said to that.
    pub(super) fn check_claim(
        &self,
        facts: Option<&Facts>,
        config: &ChannelConfig,
    ) -> Result<(), SubscribeError> {
        if self.mode == Mode::Shared || !config.is_store_shared {
            return Ok(());
        }
        match facts {
            None => Err(SubscribeError::Unloaded),
            Some(facts) if facts.is_taken() => Err(SubscribeError::Taken),
            Some(_) => Ok(()),
        }
    }

    /// It is quiet at `now`, and somebody listens: now and then the store is asked whether it has more, and learns so
    /// that the channel is in use. Returns when that is next.
    pub(super) fn note_quiet(&mut self, now: Instant) -> Option<Instant> {
        let stored = self.stored.as_mut()?;
        if REFRESH <= now.saturating_duration_since(stored.refreshed) {
            (stored.refreshed, stored.has_to_refresh) = (now, true);
        }
        stored.refreshed.checked_add(REFRESH)
    }

    /// Whether the store is to be asked whether it has more.
    pub(crate) fn take_refresh(&mut self) -> bool {
        self.stored.as_mut().is_some_and(|stored| std::mem::take(&mut stored.has_to_refresh))
    }

    /// Whether the store is to be asked for anything.
    #[inline]
    pub(crate) fn has_to_ask(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| {
            let pages = self.listeners.pages.as_ref();
            stored.has_to_refresh || pages.is_some_and(|pages| pages.has_to_ask())
        })
    }

    /// Whether the epoch of the event `seq` is known.
    pub(super) fn is_known(&self, seq: u64) -> bool {
        match self.past() {
            Past::Known => true,
            Past::Unknown => false,
            Past::UnknownBefore(first) => first <= seq,
        }
    }
}

/// How long a channel is quiet before the store is asked whether it has more.
const REFRESH: Duration = Duration::from_secs(600);

/// How often the store may say less than is known: as often as it was asked before that was.
const MAX_OLD_FACTS: u8 = 8;
