use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Cursor, Framing};
use crate::{history::Position, store::Page};

/// The pages of a store that the listeners of one channel read who stand before its log, and those that they wait
/// for. Listeners at the same place share a page.
#[derive(Debug, Default)]
pub(super) struct Pages {
    asked: Vec<Asked>,
    /// What the store was not asked for yet.
    to_ask: Vec<u64>,
    latest: Option<Arc<Loaded>>,
    bytes: usize,
}

#[derive(Debug)]
struct Asked {
    after: u64,
    /// Who waits for it.
    keys: Vec<usize>,
}

/// How a listener reads that stands before the log.
#[derive(Debug)]
pub(super) enum Behind {
    /// It waits for the page behind this number.
    Waits { after: u64 },
    /// It reads this page.
    Reads(Arc<Loaded>),
}

/// A page that was read, of the events behind `after`.
#[derive(Debug)]
pub(super) struct Loaded {
    after: u64,
    page: Page,
    len: usize,
}

/// What a page has at a place.
pub(super) enum Found {
    /// The bytes of one write, and the place behind it.
    Frames { bytes: Bytes, to: Cursor },
    /// What is kept next is the event `next`.
    Nothing { next: u64 },
    /// The store has another event there.
    Contradiction,
}

impl Pages {
    /// The page that was read last, if it says something of the event `seq`.
    pub(super) fn latest(&self, seq: u64) -> Option<Arc<Loaded>> {
        self.latest.clone().filter(|loaded| loaded.covers(seq))
    }

    /// The listener `key` needs the page behind `after`.
    pub(super) fn ask(&mut self, after: u64, key: usize) {
        match self.asked.iter_mut().find(|asked| asked.after == after) {
            Some(asked) => asked.keys.push(key),
            None => {
                self.asked.push(Asked { after, keys: vec![key] });
                self.to_ask.push(after);
            }
        }
    }

    pub(super) fn has_to_ask(&self) -> bool {
        !self.to_ask.is_empty()
    }

    /// What the store is to be asked for.
    pub(super) fn take_to_ask(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.to_ask)
    }

    /// The store has answered for `after`: returns who waits for it, some of whom may have gone.
    pub(super) fn take_waiting(&mut self, after: u64) -> Vec<usize> {
        let at = self.asked.iter().position(|asked| asked.after == after);
        at.map_or_else(Vec::new, |at| self.asked.swap_remove(at).keys)
    }

    /// Holds the page behind `after`.
    pub(super) fn load(&mut self, after: u64, page: Page) -> Arc<Loaded> {
        let lens = page.entries().iter().map(|entry| entry.frame().as_bytes().len());
        let len = lens.sum::<usize>() + size_of_val(page.entries());
        let loaded = Arc::new(Loaded { after, page, len });
        self.bytes += len;
        if let Some(before) = self.latest.replace(loaded.clone()) {
            self.release(before);
        }
        loaded
    }

    /// Somebody does not read `loaded` any more.
    pub(super) fn release(&mut self, loaded: Arc<Loaded>) {
        if let Some(loaded) = Arc::into_inner(loaded) {
            self.bytes -= loaded.len;
        }
    }

    /// Lets go of the page that was read last, unless somebody reads it.
    pub(super) fn forget_unread(&mut self) {
        if let Some(latest) = self.latest.take_if(|latest| Arc::strong_count(latest) == 1) {
            self.release(latest);
        }
    }

    /// What the pages take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Loaded {
    pub(super) fn covers(&self, seq: u64) -> bool {
        self.after < seq && seq <= self.page.until()
    }

    /// What there is from `place` on, before the event `until`.
    ///
    /// An event that `contradicts` is of another life, or of a store that has lost what was there.
    pub(super) fn read(
        &self,
        (place, until): (Cursor, u64),
        framing: Framing,
        contradicts: impl Fn(Position) -> bool,
    ) -> Found {
        let entries = self.page.entries();
        let at = entries.partition_point(|entry| entry.position().seq() < place.event);
        let first = entries.get(at).map(|entry| entry.position().seq());
        if first != Some(place.event) {
            return Found::Nothing { next: first.unwrap_or_else(|| self.page.until() + 1) };
        }
        let (mut bytes, mut to) = (BytesMut::new(), place);
        for entry in &entries[at..] {
            let frame = entry.frame().as_bytes();
            if entry.position().seq() != to.event || until <= to.event {
                break;
            }
            if contradicts(entry.position()) {
                return Found::Contradiction;
            }
            let (len, room) = (framing.len(frame.len()), framing.max_write() - bytes.len());
            if len - to.offset <= room {
                framing.put(&mut bytes, frame, to.offset..len);
                to = Cursor::new(to.event + 1, to.aside);
            } else if bytes.is_empty() {
                framing.put(&mut bytes, frame, to.offset..to.offset + room);
                to.offset += room;
                break;
            } else {
                break;
            }
        }
        Found::Frames { bytes: bytes.freeze(), to }
    }
}
