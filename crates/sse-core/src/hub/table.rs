use std::collections::HashMap;

use super::{
    cell::Cell,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};
use crate::Token;

/// The channels that are open, by token.
///
/// Under its lock a channel is looked up, put in or taken out, and nothing else is done. A channel ends
/// under its own lock, and is taken out of here afterwards. In between it is found but says that it is
/// over: then the one who has found it takes it out and looks again.
#[derive(Debug)]
pub(super) struct Table(RwLock<Channels>);

impl Table {
    pub(super) fn find(&self, token: &Token) -> Option<Arc<Cell>> {
        self.read().by_token.get(token).cloned()
    }

    /// Whether there may be new channels and new listeners.
    pub(super) fn is_open(&self) -> bool {
        self.read().is_open
    }

    pub(super) fn len(&self) -> usize {
        self.read().by_token.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Cell>> {
        self.read().by_token.values().cloned().collect()
    }

    /// Those that are over, and have listeners that still read them or are to be told so.
    pub(super) fn ending(&self) -> Vec<Arc<Cell>> {
        self.read().ending.iter().filter_map(Weak::upgrade).collect()
    }

    /// The channel `token`, or the one that `new` makes if there are less than `max`.
    pub(super) fn open<E: From<Full>>(
        &self,
        token: &Token,
        max: usize,
        new: impl FnOnce() -> Result<Cell, E>,
    ) -> Result<Arc<Cell>, E> {
        let mut channels = self.write();
        if let Some(cell) = channels.by_token.get(token) {
            return Ok(cell.clone());
        }
        if !channels.is_open {
            return Err(Full::Shutdown.into());
        }
        if max <= channels.by_token.len() {
            return Err(Full::Channels.into());
        }
        let cell = Arc::new(new()?);
        channels.by_token.insert(token.clone(), cell.clone());
        Ok(cell)
    }

    /// Does `act` if there is no channel `token`, before there can be one; returns whether it did.
    pub(super) fn unless_there(&self, token: &Token, act: impl FnOnce()) -> bool {
        let channels = self.read();
        let is_absent = !channels.by_token.contains_key(token);
        if is_absent {
            act();
        }
        is_absent
    }

    /// Takes out a channel that is over, unless its token names another one by now.
    pub(super) fn remove(&self, cell: &Arc<Cell>) {
        let mut channels = self.write();
        let is_there = |known: &Arc<Cell>| Arc::ptr_eq(known, cell);
        if channels.by_token.get(cell.token()).is_some_and(is_there) {
            channels.by_token.remove(cell.token());
            channels.keep_ending(cell);
        }
    }

    /// Refuses new channels from now on; returns those there are.
    pub(super) fn refuse(&self) -> Vec<Arc<Cell>> {
        let mut channels = self.write();
        channels.is_open = false;
        channels.by_token.values().cloned().collect()
    }

    /// Refuses new channels from now on and takes out all there are.
    pub(super) fn clear(&self) -> Vec<Arc<Cell>> {
        let mut channels = self.write();
        channels.is_open = false;
        let cells: Vec<_> = channels.by_token.drain().map(|(_, cell)| cell).collect();
        cells.iter().for_each(|cell| channels.keep_ending(cell));
        cells
    }

    fn read(&self) -> RwLockReadGuard<'_, Channels> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Channels> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Table {
    fn default() -> Self {
        let channels = Channels { is_open: true, by_token: HashMap::new(), ending: Vec::new() };
        Self(RwLock::new(channels))
    }
}

/// Why there is no new channel.
#[derive(Clone, Copy, Debug)]
pub(super) enum Full {
    /// There are as many as there may be.
    Channels,
    /// There will be none any more.
    Shutdown,
}

#[derive(Debug)]
struct Channels {
    is_open: bool,
    by_token: HashMap<Token, Arc<Cell>>,
    ending: Vec<Weak<Cell>>,
}

impl Channels {
    fn keep_ending(&mut self, cell: &Arc<Cell>) {
        if self.ending.len() == self.ending.capacity() {
            self.ending.retain(|cell| 0 < cell.strong_count());
            // The next look at all of them comes after as many more.
            self.ending.reserve(self.ending.len() + 1);
        }
        self.ending.push(Arc::downgrade(cell));
    }
}
