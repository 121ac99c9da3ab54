use std::time::Instant;

use sse_core::access::Grant;

use super::Cursor;

/// Where a listener stands, and what it still has to be told.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) channel: usize,
    pub(crate) cursor: Cursor,
    /// How much of the frame at the cursor was written.
    pub(crate) offset: usize,
    pub(crate) presence: Presence,
    /// The first event that it fell behind, while it was not told of the gap.
    pub(crate) missed_from: Option<u64>,
    pub(crate) first_block: Option<String>,
    /// When something was last written.
    pub(crate) last_write: Instant,
    /// Whether the last words were written that its reason asks for.
    pub(crate) has_farewell: bool,
    pub(crate) grant: Option<Grant>,
    /// Whether frames are being written to it, and nobody knows how much of them it takes. Where the log has
    /// overtaken it meanwhile, it stands at the start.
    pub(crate) is_in_flight: bool,
    /// Whether the log has overtaken it when it was leaving.
    pub(crate) is_late: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    Here,
    Leaving { at: Cursor, reason: Reason },
    Cut { missed: u64 },
}

/// Why a listener leaves that has read all that was meant for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reason {
    Replaced,
    Finished,
    Shutdown,
    /// Its own end in a drain has come.
    Drained,
    /// Its grant has ended.
    Expired,
    Revoked,
}

impl Place {
    pub(crate) fn new(
        (channel, cursor): (usize, Cursor),
        grant: Option<Grant>,
        first_block: String,
        now: Instant,
    ) -> Self {
        Self {
            channel,
            cursor,
            offset: 0,
            presence: Presence::Here,
            missed_from: None,
            first_block: Some(first_block),
            last_write: now,
            has_farewell: false,
            grant,
            is_in_flight: false,
            is_late: false,
        }
    }

    pub(crate) fn is_here(&self) -> bool {
        self.presence == Presence::Here
    }

    /// Whether something is kept for it, or will be.
    pub(crate) fn is_reading(&self) -> bool {
        match self.presence {
            Presence::Here => true,
            Presence::Leaving { at, .. } => self.is_in_flight || self.cursor.is_before(at),
            Presence::Cut { .. } => false,
        }
    }

    pub(crate) fn leave(&mut self, at: Cursor, reason: Reason) {
        if self.is_here() {
            self.presence = Presence::Leaving { at, reason };
        }
    }

    /// It has read all that it may, but for what it has begun.
    pub(crate) fn revoke(&mut self) {
        if self.is_reading() {
            self.presence = Presence::Leaving { at: self.whole(), reason: Reason::Revoked };
        }
    }

    /// It may not read beyond `at` any more; returns whether it would have.
    pub(crate) fn expire(&mut self, at: Cursor) -> bool {
        let is_further = match self.presence {
            Presence::Here => true,
            Presence::Leaving { at: known, .. } => self.is_reading() && at.is_before(known),
            Presence::Cut { .. } => false,
        };
        if is_further {
            self.presence = Presence::Leaving { at, reason: Reason::Expired };
        }
        is_further
    }

    /// One that is leaving reads to its end what it has begun meanwhile.
    pub(crate) fn read_what_is_begun(&mut self) {
        let whole = self.whole();
        if let Presence::Leaving { at, .. } = &mut self.presence {
            *at = at.max(whole);
        }
    }

    /// Where it stands once what it has begun to read is whole.
    pub(crate) fn whole(&self) -> Cursor {
        Cursor { event: self.cursor.event + u64::from(0 < self.offset), ..self.cursor }
    }

    /// The log begins at `start` now: whether the listener had still to read what came before.
    pub(crate) fn fall_out(&mut self, start: Cursor, is_told: bool) -> bool {
        if !self.is_reading() || !self.cursor.is_before(start) {
            return false;
        }
        if self.is_in_flight {
            self.is_late |= !self.is_here();
            (self.cursor, self.offset) = (self.cursor.max(start), 0);
            return false;
        }
        let is_whole = self.offset == 0 || start.event <= self.cursor.event;
        if is_told && self.is_here() && is_whole {
            self.missed_from.get_or_insert(self.cursor.event);
            self.cursor = self.cursor.max(start);
        } else {
            let missed = start.event.saturating_sub(self.cursor.event);
            self.presence = Presence::Cut { missed };
        }
        true
    }
}
