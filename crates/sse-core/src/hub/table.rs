use std::{collections::HashMap, mem};

use super::{
    cell::Cell,
    sync::{
        Arc, AtomicUsize, Ordering, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
    },
};
use crate::{Token, mix::mix64};

/// The channels that are open, by token.
///
/// They are parted into shelves, so that a look at all of them holds nobody up for long. Under the lock of a
/// shelf a channel is looked up, put in or taken out, and nothing else is done. A channel ends under its own
/// lock, and is taken out of here afterwards. In between it is found but says that it is over: then the one who
/// has found it takes it out and looks again.
#[derive(Debug)]
pub(super) struct Table {
    shelves: [RwLock<Shelf>; SHELVES],
    len: AtomicUsize,
}

impl Table {
    pub(super) fn find(&self, token: &Token) -> Option<Arc<Cell>> {
        self.read(token).by_token.get(token).cloned()
    }

    /// Whether there may be a new channel `token`, and new listeners on it.
    pub(super) fn is_open(&self, token: &Token) -> bool {
        self.read(token).is_open
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// All that are there from the beginning of the look to its end, and of the others some. No lock is held while
    /// they are looked at.
    pub(super) fn all(&self) -> impl Iterator<Item = Arc<Cell>> {
        let on = |shelf| -> Vec<_> { read(shelf).by_token.values().cloned().collect() };
        self.shelves.iter().flat_map(on)
    }

    /// Those that are over, and have listeners that still read them or are to be told so.
    pub(super) fn ending(&self) -> Vec<Arc<Cell>> {
        let ending =
            |shelf| -> Vec<_> { read(shelf).ending.iter().filter_map(Weak::upgrade).collect() };
        self.shelves.iter().flat_map(ending).collect()
    }

    /// The channel `token`, or the one that `new` makes if there are less than `max`.
    pub(super) fn open<E: From<Full>>(
        &self,
        token: &Token,
        max: usize,
        new: impl FnOnce() -> Result<Cell, E>,
    ) -> Result<Arc<Cell>, E> {
        let mut shelf = write(self.shelf(token));
        if let Some(cell) = shelf.by_token.get(token) {
            return Ok(cell.clone());
        }
        if !shelf.is_open {
            return Err(Full::Shutdown.into());
        }
        let place = Place::take(&self.len, max).ok_or(Full::Channels)?;
        let cell = Arc::new(new()?);
        shelf.by_token.insert(token.clone(), cell.clone());
        place.keep();
        Ok(cell)
    }

    /// Does `act` if there is no channel `token`, before there can be one; returns whether it did.
    pub(super) fn unless_there(&self, token: &Token, act: impl FnOnce()) -> bool {
        let shelf = self.read(token);
        let is_absent = !shelf.by_token.contains_key(token);
        if is_absent {
            act();
        }
        is_absent
    }

    /// Takes out a channel that is over, unless its token names another one by now.
    pub(super) fn remove(&self, cell: &Arc<Cell>) {
        let mut shelf = write(self.shelf(cell.token()));
        let is_there = |known: &Arc<Cell>| Arc::ptr_eq(known, cell);
        if shelf.by_token.get(cell.token()).is_some_and(is_there) {
            shelf.by_token.remove(cell.token());
            self.len.fetch_sub(1, Ordering::Relaxed);
            shelf.keep_ending(cell);
        }
    }

    /// Refuses new channels from now on; returns those there are.
    pub(super) fn refuse(&self) -> Vec<Arc<Cell>> {
        let refused = |shelf| -> Vec<_> {
            let mut shelf = write(shelf);
            shelf.is_open = false;
            shelf.by_token.values().cloned().collect()
        };
        self.shelves.iter().flat_map(refused).collect()
    }

    /// Refuses new channels from now on and takes out all there are.
    pub(super) fn clear(&self) -> Vec<Arc<Cell>> {
        let cleared = |shelf| {
            let mut shelf = write(shelf);
            shelf.is_open = false;
            let cells: Vec<_> = shelf.by_token.drain().map(|(_, cell)| cell).collect();
            self.len.fetch_sub(cells.len(), Ordering::Relaxed);
            cells.iter().for_each(|cell| shelf.keep_ending(cell));
            cells
        };
        self.shelves.iter().flat_map(cleared).collect()
    }

    fn read(&self, token: &Token) -> RwLockReadGuard<'_, Shelf> {
        read(self.shelf(token))
    }

    fn shelf(&self, token: &Token) -> &RwLock<Shelf> {
        let name = token.as_str().as_bytes();
        // What tells names of one kind apart stands at their end, most often.
        let end = name.last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
        let sum = name.iter().take(8).fold(end, |sum, &byte| sum.rotate_left(5) ^ u64::from(byte));
        &self.shelves[mix64(sum) as usize % SHELVES]
    }
}

fn read(shelf: &RwLock<Shelf>) -> RwLockReadGuard<'_, Shelf> {
    shelf.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shelf: &RwLock<Shelf>) -> RwLockWriteGuard<'_, Shelf> {
    shelf.write().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Table {
    fn default() -> Self {
        let shelves = [(); SHELVES].map(|()| RwLock::new(Shelf::default()));
        Self { shelves, len: AtomicUsize::new(0) }
    }
}

/// A channel's place among as many as there may be, given back unless it is kept.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(len: &'a AtomicUsize, max: usize) -> Option<Self> {
        let more = |len| (len < max).then_some(len + 1);
        let taken = len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Self(len))
    }

    fn keep(self) {
        mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
struct Shelf {
    is_open: bool,
    by_token: HashMap<Token, Arc<Cell>>,
    ending: Vec<Weak<Cell>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { is_open: true, by_token: HashMap::new(), ending: Vec::new() }
    }
}

impl Shelf {
    fn keep_ending(&mut self, cell: &Arc<Cell>) {
        if self.ending.len() == self.ending.capacity() {
            self.ending.retain(|cell| 0 < cell.strong_count());
            // The next look at all of them comes after as many more.
            self.ending.reserve(self.ending.len() + 1);
        }
        self.ending.push(Arc::downgrade(cell));
    }
}

/// A look at 100,000 channels holds up newcomers for a millisecond so.
const SHELVES: usize = 16;
