use std::time::{Duration, Instant};

use super::{Channel, ChannelConfig, CloseReason, in_store::Past, machine::Life};
use crate::{
    Event,
    history::{Epochs, Position},
    store::Entry,
    wire::Frame,
};

/// What a store has made safe of one publication.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) entries: Vec<Entry>,
    pub(crate) retry: Option<Duration>,
}

/// What a store has made safe is accepted into the log.
impl Channel {
    /// Publishes what `accepted` holds at the positions that it has there. What the log holds already is not
    /// published again. Where events are missing before it, the log begins anew behind them, and who has not read
    /// them reads them from the store.
    ///
    /// Where the store has other events at positions of the log it has lost what it said was safe, and the channel
    /// ends: its listeners come back, and are told. Each event is shown to `appended`, with its number.
    pub(crate) fn accept(
        &mut self,
        accepted: Accepted,
        mut appended: impl FnMut(u64, &Frame, Instant),
        config: &ChannelConfig,
        now: Instant,
    ) -> usize {
        let now = now.max(self.used);
        let listeners = self.listeners.here();
        if accepted.entries.iter().any(|entry| self.contradicts(entry.position)) {
            self.break_off(config);
            return 0;
        }
        let newest = self.log.end();
        for Entry { position, frame } in accepted.entries {
            let seq = position.seq();
            if seq < self.log.end().event {
                continue;
            }
            if self.past() == Past::Unknown || self.log.end().event < seq {
                self.jump(position, seq);
            }
            self.log.begin_epoch(position);
            appended(seq, &frame, now);
            self.log.append(frame, now);
        }
        // Of a store that others use too it may be told twice, as an answer and as news.
        let is_known =
            |retry| config.is_store_shared && self.retry.is_some_and(|(known, _)| known == retry);
        if let Some(retry) = accepted.retry.filter(|retry| !is_known(*retry)) {
            self.log.append_aside(Event::default().with_retry(retry).encode(), now);
            self.retry = Some((retry, now));
        }
        (self.life, self.used) = (Life::Open, now);
        self.newest = newest.max(self.log.start());
        self.log.settle(now);
        self.bound(config);
        if let Some(pages) = &mut self.listeners.pages {
            pages.forget_unread();
        }
        self.forget_if_deserted(config);
        listeners
    }

    /// The store has something at `position` that it has not told before.
    pub(crate) fn catch_up(&mut self, position: Position) {
        if self.log.end().event <= position.seq() {
            self.jump(position, position.seq() + 1);
        }
    }

    /// The log begins anew with the event `next`, and there is an event at `position`. Who has not read what was before
    /// reads it from the store.
    fn jump(&mut self, position: Position, next: u64) {
        let is_another = self.log.window().is_none_or(|window| !window.ends_in(position.epoch()));
        let is_first = self.past() == Past::Unknown;
        if is_first {
            self.log.set_epochs(Epochs::new(position.epoch()));
        }
        if is_first || is_another {
            // Where the epoch has begun is not known, and those before it must not read on before it is.
            if !is_first {
                self.need_facts();
            }
            self.set_past(Past::UnknownBefore(position.seq()));
        }
        self.log.begin_epoch(position);
        self.log.jump(next);
        self.listeners.fall_behind(&mut self.log);
    }

    /// Whether the channel has another event at `position`.
    pub(super) fn contradicts(&self, position: Position) -> bool {
        position.seq() < self.log.end().event
            && self.is_known(position.seq())
            && self.log.window().is_some_and(|window| window.epochs().contradict(position))
    }

    /// Ends the streams of all who listen, so that they come back and are told what they can prove.
    pub(crate) fn break_off(&mut self, config: &ChannelConfig) {
        self.end(CloseReason::Failed, None, config);
    }
}
