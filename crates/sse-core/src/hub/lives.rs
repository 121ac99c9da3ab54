use std::time::Instant;

use super::{
    Hub,
    cell::Cell,
    sync::{Arc, Ordering},
    table::Full,
};
use crate::{
    Token,
    channel::{Channel, Tombstone},
    history::{Epoch, Epochs},
};

/// How channels begin and end.
impl Hub {
    /// The channel `token`, which begins to exist if it does not.
    pub(super) fn open(&self, token: &Token, now: Instant) -> Result<Arc<Cell>, NotOpened> {
        if let Some(cell) = self.table.find(token) {
            return Ok(cell);
        }
        if self.shared.tombstones.is_closed(token, now) {
            return Err(NotOpened::Closed);
        }
        // It is the user's code, and may ask the hub.
        let mode = self.config().mode_of(token);
        let max = self.shared.bounds.channels();
        loop {
            let opened = self.table.open(token, max, || {
                let tombstone = self.shared.tombstones.find(token, now);
                let continues = tombstone.is_some();
                let (next, epochs) = match tombstone {
                    Some(Tombstone::Closed { .. }) => return Err(NotOpened::Closed),
                    Some(Tombstone::Forgotten { next, epochs }) => (next, Some(epochs)),
                    None => (1, self.new_epochs()),
                };
                self.shared.tombstones.remove(token);
                let config = &self.config().channel;
                let channel = Channel::new(mode, (next, epochs), continues, config, now);
                let serial = self.cells.fetch_add(1, Ordering::Relaxed);
                Ok(Cell::new(token.clone(), serial, channel, self.shared.clone()))
            });
            match opened {
                Err(NotOpened::Full) if self.give_way() => (),
                opened => return opened,
            }
        }
    }

    fn new_epochs(&self) -> Option<Epochs> {
        let history = self.config().history()?;
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        Some(Epochs::new(Epoch::new(history.seed, life)))
    }

    /// Forgets what is over age at `now`, of a few channels at a time: the caller wants something else, and
    /// is not held up. Returns whether there may be more.
    pub(super) fn forget_old(&self, now: Instant) -> bool {
        let config = &self.config().channel;
        let mut looks = 0;
        if config.history.is_some() {
            while looks < MAX_LOOKS
                && let Some((_, cell)) = self.shared.due.pop_if(|due| due <= now)
            {
                self.note(&cell, cell.expire(now), &mut Vec::new());
                looks += 1;
            }
            if 0 < looks {
                // Once all of it is gone: what is not over age does not have to give way to it.
                self.make_room(None, &mut Vec::new());
                self.shared.watchers.wake();
            }
        }
        let max_age = config.history.as_ref().and_then(|history| history.max_age);
        let expired = self.shared.tombstones.expire(max_age, MAX_LOOKS, now);
        looks == MAX_LOOKS || expired == MAX_LOOKS
    }

    /// Takes a channel that is over out of the table; what it leaves behind is there before.
    pub(super) fn take_out(&self, cell: &Arc<Cell>) {
        cell.leave_tombstone();
        self.table.remove(cell);
    }

    /// Forgets the channel that was used longest ago of those that nobody listens to, to make room for
    /// another one. Returns whether there was one.
    fn give_way(&self) -> bool {
        let mut looks = 0;
        while let Some((listed, cell)) = self.shared.deserted.pop_first() {
            looks += 1;
            // After many that were used since they were listed, any one will do.
            let last = if looks < MAX_LOOKS { listed } else { cell.used() };
            if cell.give_way(last).is_over {
                self.take_out(&cell);
                return true;
            }
        }
        false
    }
}

/// Why there is no channel.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotOpened {
    /// It was finished, and its token is kept.
    Closed,
    /// There are as many as there may be.
    Full,
    /// There will be none any more.
    Shutdown,
}

impl From<Full> for NotOpened {
    fn from(full: Full) -> Self {
        match full {
            Full::Channels => Self::Full,
            Full::Shutdown => Self::Shutdown,
        }
    }
}

/// How many channels are looked at for somebody who wants something else.
const MAX_LOOKS: usize = 64;
