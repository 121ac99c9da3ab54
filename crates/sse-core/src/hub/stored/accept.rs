use std::time::{Duration, Instant};

use crate::{
    Token,
    channel::{Accepted, PublishedId},
    history::Position,
    hub::{Hub, PublishError, Published, Wakers, sync::Arc},
    store::{Outcome, Refused, Stored},
};

/// What follows from what a store says of a publication.
impl Hub {
    /// Accepts what was stored; who listens is to be woken.
    pub(super) fn accept(
        self: &Arc<Self>,
        token: &Token,
        stored: Stored,
        retry: Option<Duration>,
        now: Instant,
    ) -> Published {
        let Stored { position, entries, is_duplicate, listeners: elsewhere } = stored;
        let id = position.map(PublishedId::Position);
        if is_duplicate {
            if let Some(position) = position {
                self.catch_up(token, position);
            }
            let listeners = self.listeners(token) + elsewhere;
            return Published { id, is_duplicate, ..Published::to(listeners) };
        }
        self.shared.tally.publish(entries.len());
        let published = self.deliver(token, Accepted { entries, retry }, now);
        self.shared.watchers.wake();
        Published { id, listeners: published.listeners + elsewhere, ..published }
    }

    pub(super) fn deliver(&self, token: &Token, accepted: Accepted, now: Instant) -> Published {
        let mut accepted = Some(accepted);
        while let Some(cell) = self.table.find(token) {
            let (listeners, effects) = cell.accept(&mut accepted, now);
            let overrun = self.follow_publication(&cell, effects);
            if let Some(listeners) = listeners {
                let wakers = Wakers::one(cell, effects.tickets);
                return Published { overrun, wakers, ..Published::to(listeners) };
            }
        }
        // Nobody listens: what comes later is read from the store.
        let observers = self.shared.watchers.observers_of(token);
        for entry in accepted.into_iter().flat_map(|accepted| accepted.entries) {
            observers.show(entry.position().seq(), entry.frame(), now);
        }
        Published::to(0)
    }

    /// The store has finished the channel: its streams end.
    pub(super) fn accept_end(self: &Arc<Self>, token: &Token, now: Instant) -> Published {
        let finished = self.finish(token, now);
        self.shared.watchers.wake();
        finished.unwrap_or_else(|_| Published::to(0))
    }

    /// What a publisher is told of something that was not stored.
    pub(super) fn not_stored(&self, token: &Token, outcome: Outcome, now: Instant) -> PublishError {
        match outcome {
            Outcome::Refused(Refused::Finished { left }) => {
                self.end(token, now.checked_add(left)).wake();
                PublishError::NotConnected
            }
            Outcome::Refused(Refused::KeyReused) => PublishError::KeyReused,
            Outcome::Refused(Refused::Unavailable(why)) => PublishError::Unavailable(why),
            Outcome::Unknown(why) => {
                self.refresh(token);
                PublishError::Unknown(why)
            }
            Outcome::Stored(_) => PublishError::NotConnected,
        }
    }

    /// The store has told of something at `position` that the channel may not know.
    fn catch_up(&self, token: &Token, position: Position) {
        drop(self.receive_top(token, position));
    }
}
