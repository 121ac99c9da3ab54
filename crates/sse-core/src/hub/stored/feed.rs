use std::time::{Duration, Instant};

use super::Told;
use crate::{
    Token,
    channel::{Accepted, Channel, CloseReason, Tombstone},
    history::Position,
    hub::{Hub, Wakers, cell::Cell, sync::Arc},
    store::Entry,
};

/// What a store tells of its own accord, since others use it too.
impl Hub {
    pub(crate) fn receive(
        &self,
        token: &Token,
        entries: Vec<Entry>,
        retry: Option<Duration>,
        now: Instant,
    ) -> Told {
        let published = self.deliver(token, Accepted { entries, retry }, now);
        self.shared.watchers.wake();
        Told::from(published.into_wakers())
    }

    pub(crate) fn receive_top(&self, token: &Token, position: Position) -> Told {
        self.table.find(token).map_or_else(Told::default, |cell| {
            let effects = cell.catch_up(position);
            self.follow(&cell, effects);
            Told::from(Wakers::one(cell, effects.tickets))
        })
    }

    pub(crate) fn receive_end(&self, token: &Token, left: Option<Duration>, now: Instant) -> Told {
        let told = match left {
            Some(left) => Told::from(self.end(token, now.checked_add(left))),
            None => self.end_of(token, |channel, config| {
                channel.end(CloseReason::Finished, None, config);
            }),
        };
        self.shared.watchers.wake();
        told
    }

    pub(crate) fn receive_loss(&self, token: &Token) -> Told {
        let told = self.end_of(token, Channel::break_off);
        self.shared.watchers.wake();
        told
    }

    pub(crate) fn receive_successor(&self, token: &Token) -> Told {
        let told = self.end_of(token, |channel, config| channel.give_to_successor(config));
        self.shared.watchers.wake();
        told
    }

    pub(crate) fn is_used(&self, token: &Token) -> bool {
        self.table.find(token).is_some_and(|cell| cell.is_used())
    }

    pub(crate) fn forget(&self, token: &Token) -> bool {
        if let Some(cell) = self.table.find(token) {
            self.follow(&cell, cell.forget());
        }
        self.table.find(token).is_none()
    }

    /// The store takes nothing for the channel before `until`: it was finished, and nobody was told.
    pub(super) fn end(&self, token: &Token, until: Option<Instant>) -> Wakers {
        let closed = || Tombstone::Closed { until };
        let Some(cell) = self.table.find(token) else {
            self.table.unless_there(token, || self.shared.tombstones.put(token, closed()));
            return Wakers::none();
        };
        let config = &self.config().channel;
        self.end_cell(cell, |channel| {
            channel.end(CloseReason::Finished, Some(closed()), config);
        })
    }

    fn end_of(
        &self,
        token: &Token,
        end: impl FnOnce(&mut Channel, &crate::channel::ChannelConfig),
    ) -> Told {
        let config = &self.config().channel;
        self.table.find(token).map_or_else(Told::default, |cell| {
            Told::from(self.end_cell(cell, |channel| end(channel, config)))
        })
    }

    fn end_cell(&self, cell: Arc<Cell>, end: impl FnOnce(&mut Channel)) -> Wakers {
        let (_here, effects) = cell.end(end);
        self.follow(&cell, effects);
        Wakers::one(cell, effects.tickets)
    }
}
