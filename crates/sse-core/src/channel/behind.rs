use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    Channel, ChannelConfig, CloseReason, Cursor, Framing,
    listener::Listener,
    listeners::Listeners,
    pages::{Behind, Found, Loaded},
};
use crate::store::Page;

/// How a listener reads that stands before the log, in a channel with a store: page by page, until it meets the
/// log.
impl Channel {
    /// What is next for the listener `key`, if it stands before the log.
    #[inline]
    pub(super) fn read_behind(
        &mut self,
        key: usize,
        framing: Framing,
        now: Instant,
    ) -> Option<Reading> {
        self.is_behind(key).then(|| self.read_page(key, framing, now))
    }

    /// Whether the listener `key` stands before the log.
    #[inline]
    pub(super) fn is_behind(&mut self, key: usize) -> bool {
        self.listeners.get_mut(key).cursor.event < self.log.start().event
    }

    fn read_page(&mut self, key: usize, framing: Framing, now: Instant) -> Reading {
        if self.is_lost(key) {
            self.listeners.go(key, CloseReason::Failed, &mut self.log);
            return Reading::Missed;
        }
        let until = self.until(key).event;
        let place = self.listeners.get_mut(key).cursor;
        if !self.is_known(place.event) {
            return Reading::Waits;
        }
        let Some(loaded) = self.listeners.page_of(key, place.event) else {
            return Reading::Waits;
        };
        let contradicts = |position| self.contradicts(position);
        let found = loaded.read((place, until), framing, contradicts);
        self.listeners.release(loaded);
        match found {
            Found::Contradiction => {
                self.listeners.go(key, CloseReason::Failed, &mut self.log);
                Reading::Missed
            }
            Found::Frames { bytes, to } => {
                self.note_write(key, to, bytes.len(), now);
                self.leave_page_at_log(key);
                Reading::Bytes(bytes)
            }
            Found::Nothing { next } => {
                self.skip(key, place, next.min(until));
                Reading::Missed
            }
        }
    }

    /// Whether nothing is left of what the listener `key` has to read: a store has nothing of a channel that is over.
    fn is_lost(&mut self, key: usize) -> bool {
        let special = self.listeners.get_mut(key).special.as_ref();
        let reason = special.and_then(|special| special.reason);
        matches!(reason, Some(CloseReason::Finished | CloseReason::Failed))
    }

    /// The listener `key` has missed what the store does not keep any more from `place` on: it is told so, and
    /// goes on before the event `next`.
    fn skip(&mut self, key: usize, place: Cursor, next: u64) {
        self.fallen += 1;
        if !self.is_known(next - 1) {
            // It is told what it has missed when it comes back.
            return self.listeners.go(key, CloseReason::Failed, &mut self.log);
        }
        if 0 < place.offset {
            // What was begun cannot be taken back.
            let missed = next - place.event;
            return self.listeners.go(key, CloseReason::Overrun { missed }, &mut self.log);
        }
        self.listeners.get_mut(key).note_missed(place);
        self.listeners.advance(key, Cursor::new(next, place.aside), &mut self.log);
        self.leave_page_at_log(key);
    }

    /// The listener `key` lets go of its page, if it has come to the log.
    fn leave_page_at_log(&mut self, key: usize) {
        if !self.is_behind(key) {
            self.listeners.leave_page(key);
        }
    }

    /// The store has answered for what is behind `after`: those go on who wait for it, or their streams end where
    /// it cannot be read.
    pub(crate) fn handle_page(&mut self, after: u64, page: Option<Page>, config: &ChannelConfig) {
        // Each page says something new, or a listener would ask for ever.
        let page = page.filter(|page| after < page.until());
        let is_read = page.is_some();
        for key in self.listeners.handle_page(after, page) {
            self.listeners.go(key, CloseReason::Failed, &mut self.log);
        }
        if !is_read {
            self.forget_if_deserted(config);
        }
    }

    /// Numbers behind which the store is to be asked for pages.
    pub(crate) fn take_to_ask(&mut self) -> Vec<u64> {
        self.listeners.pages.as_mut().map_or_else(Vec::new, |pages| pages.take_to_ask())
    }
}

/// What is next for a listener that stands before the log.
#[derive(Debug)]
pub(super) enum Reading {
    /// These bytes, which are framed.
    Bytes(Bytes),
    /// It has missed something, or its stream ends: it is to be told.
    Missed,
    /// Nothing before a page comes.
    Waits,
}

/// Who reads which page.
impl Listeners {
    /// The page that says something of the event `seq`, for the listener `key`; asks for it if it is not there.
    fn page_of(&mut self, key: usize, seq: u64) -> Option<Arc<Loaded>> {
        let after = seq - 1;
        match &self.get_mut(key).special().behind {
            Some(Behind::Reads(loaded)) if loaded.covers(seq) => return Some(loaded.clone()),
            Some(Behind::Waits { after: known }) if *known == after => return None,
            _ => self.leave_page(key),
        }
        let pages = self.pages.get_or_insert_default();
        let latest = pages.latest(seq);
        let behind = match &latest {
            Some(loaded) => Behind::Reads(loaded.clone()),
            None => {
                pages.ask(after, key);
                Behind::Waits { after }
            }
        };
        self.get_mut(key).special().behind = Some(behind);
        latest
    }

    /// The listener `key` reads no page any more.
    pub(super) fn leave_page(&mut self, key: usize) {
        let listener = self.get_mut(key);
        let Some(special) = &mut listener.special else {
            return;
        };
        let behind = special.behind.take();
        if special.is_nothing() {
            listener.special = None;
        }
        if let Some(Behind::Reads(loaded)) = behind {
            self.release(loaded);
        }
    }

    /// All let go of their pages, and ask again for what they have not read.
    pub(super) fn forget_pages(&mut self) {
        if self.pages.as_ref().is_none_or(|pages| pages.bytes() == 0) {
            return;
        }
        let is_reading = |listener: &Listener| {
            let special = listener.special.as_ref();
            special.is_some_and(|special| matches!(special.behind, Some(Behind::Reads(_))))
        };
        for key in self.keys(is_reading) {
            self.leave_page(key);
        }
        if let Some(pages) = &mut self.pages {
            pages.forget_unread();
        }
    }

    /// Gives the page behind `after` to those who wait for it; returns them if there is none.
    fn handle_page(&mut self, after: u64, page: Option<Page>) -> Vec<usize> {
        let Some(pages) = &mut self.pages else {
            return Vec::new();
        };
        let mut waiting = pages.take_waiting(after);
        let loaded = page.map(|page| pages.load(after, page));
        waiting.retain(|&key| self.waits_for(key, after));
        let Some(loaded) = loaded else {
            return waiting;
        };
        for key in waiting {
            self.get_mut(key).special().behind = Some(Behind::Reads(loaded.clone()));
        }
        self.release(loaded);
        Vec::new()
    }

    fn waits_for(&self, key: usize, after: u64) -> bool {
        let special = self.get(key).and_then(|listener| listener.special.as_ref());
        special.is_some_and(
            |special| matches!(special.behind, Some(Behind::Waits { after: at }) if at == after),
        )
    }

    fn release(&mut self, loaded: Arc<Loaded>) {
        if let Some(pages) = &mut self.pages {
            pages.release(loaded);
        }
    }
}
