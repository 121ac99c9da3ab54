use std::time::Instant;

use super::{
    Hub,
    cell::Cell,
    sync::{Arc, Ordering},
    table::Full,
};
use crate::{
    Epoch, Token,
    channel::{Channel, Tombstone},
    history::Epochs,
};

/// How channels begin and end.
impl Hub {
    /// The channel `token`, which begins to exist if it does not.
    pub(super) fn open(&self, token: &Token, now: Instant) -> Result<Arc<Cell>, NotOpened> {
        if let Some(cell) = self.table.find(token) {
            return Ok(cell);
        }
        if self.shared.tombstones.is_closed(token) {
            return Err(NotOpened::Closed);
        }
        // It is the user's code, and may ask the hub.
        let mode = self.config().mode_of(token);
        let max = self.config().max_channels;
        loop {
            let opened = self.table.open(token, max, || {
                let tombstone = self.shared.tombstones.find(token);
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
                Err(NotOpened::Full { .. }) if self.give_way() => (),
                Err(NotOpened::Full { .. }) => return Err(NotOpened::Full { max }),
                opened => return opened,
            }
        }
    }

    fn new_epochs(&self) -> Option<Epochs> {
        let history = self.config().history()?;
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        Some(Epochs::new(Epoch::new(history.seed, life)))
    }

    /// Forgets what is over age at `now`.
    pub(super) fn forget_old(&self, now: Instant) {
        let config = &self.config().channel;
        let max_age = config.history.as_ref().and_then(|history| history.max_age);
        if config.history.is_some() {
            // Room is made once all of it is gone: what is not over age does not have to give way to it.
            let mut last = None;
            while let Some((_, cell)) = self.shared.due.pop_if(|due| due <= now) {
                let effects = cell.expire(now);
                self.note(&cell, effects, &mut Vec::new());
                last = Some(cell);
            }
            last.inspect(|last| self.make_room(last, &mut Vec::new()));
        }
        self.shared.tombstones.expire(max_age, now);
    }

    /// Takes a channel that is over out of the table; what it leaves behind is there before.
    pub(super) fn bury(&self, cell: &Arc<Cell>) {
        cell.leave_tombstone();
        self.table.remove(cell);
    }

    /// Forgets the channel that was used longest ago of those that nobody listens to, to make room for
    /// another one. Returns whether there was one.
    pub(super) fn give_way(&self) -> bool {
        while let Some((used, cell)) = self.shared.deserted.pop_first() {
            let effects = cell.give_way(used);
            if effects.is_over {
                self.bury(&cell);
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
    Full { max: usize },
    /// There will be none any more.
    Shutdown,
}

impl From<Full> for NotOpened {
    fn from(full: Full) -> Self {
        match full {
            Full::Channels => Self::Full { max: 0 },
            Full::Shutdown => Self::Shutdown,
        }
    }
}
