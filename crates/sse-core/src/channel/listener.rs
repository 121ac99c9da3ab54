use std::{num::NonZeroU64, time::Instant};

use super::{CloseReason, Cursor, OnOverrun, Phase, cursor::Place, pages::Behind};
use crate::access::Grant;

/// One listener: where it stands in the log, and what it still has to be told.
///
/// There may be very many of them, and a publication touches each: what most do not have lies apart.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) cursor: Cursor,
    pub(super) last_write: Instant,
    pub(super) presence: Presence,
    pub(super) flight: Flight,
    /// Whether it still reads what was published before it came, so that its writes do not show how long a
    /// publication takes.
    pub(super) is_replaying: bool,
    /// Its own place in every span of time that listeners are spread over.
    pub(super) phase: Phase,
    /// The grant that permits it to listen, if there is one.
    pub(super) grant: Option<Grant>,
    pub(super) special: Option<Box<Special>>,
}

/// What is special about a listener.
#[derive(Debug, Default)]
pub(super) struct Special {
    /// What is written before anything else.
    pub(super) opening: Option<Box<[u8]>>,
    /// The first event that it missed by falling behind, if it goes on and was not told yet.
    pub(super) missed_from: Option<NonZeroU64>,
    /// Where it leaves, if it is leaving.
    pub(super) leaves_at: Place,
    /// Why it is not here any more.
    pub(super) reason: Option<CloseReason>,
    /// Whether it was told why.
    pub(super) is_told: bool,
    /// How it reads, if it stands before the log of a channel with a store.
    pub(super) behind: Option<Behind>,
}

impl Special {
    /// Whether there is nothing special any more.
    pub(super) fn is_nothing(&self) -> bool {
        let Self { opening, missed_from, leaves_at: _, reason, is_told: _, behind } = self;
        opening.is_none() && missed_from.is_none() && reason.is_none() && behind.is_none()
    }
}

/// Whether a listener is one of those that are published for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Presence {
    /// It gets what is published.
    Here,
    /// It gets what was published before the place where it leaves, and then its end.
    Leaving,
    /// Nothing is kept for it. Its connection lives, and may still have to be told the reason.
    Gone,
}

/// Whether frames are being written to a listener, and nobody knows yet how much of them was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flight {
    None,
    /// If the log overtakes it, it stands at the start.
    UnderWay,
    /// The log has overtaken it when it was leaving already.
    Late,
}

impl Listener {
    /// When its grant ends.
    pub(super) fn grant_end(&self) -> Option<Instant> {
        self.grant.as_ref()?.end()
    }

    /// Whether there is nothing to be looked at before the listener goes on at `now`.
    pub(super) fn is_plain(&self, now: Instant) -> bool {
        self.special.is_none() && self.grant.as_ref().is_none_or(|grant| !grant.has_ended(now))
    }

    pub(super) fn special(&mut self) -> &mut Special {
        self.special.get_or_insert_default()
    }

    /// Where it stands once it has read the event that it has begun.
    pub(super) fn whole(&self) -> Cursor {
        let Cursor { event, aside, offset } = self.cursor;
        // Only an event is long enough to be read in pieces.
        Cursor::new(if offset == 0 { event } else { event + 1 }, aside)
    }

    pub(super) fn is_in_flight(&self) -> bool {
        self.flight != Flight::None
    }

    /// Whether it goes on from `start`, where the log begins now, if it has read what is before `place`.
    pub(super) fn may_go_on(&self, place: Cursor, start: Cursor, then: OnOverrun) -> bool {
        // What was begun cannot be taken back.
        let is_whole = place.offset == 0 || start.event <= place.event;
        let was_here = match self.flight {
            Flight::None => self.presence == Presence::Here,
            Flight::UnderWay => true,
            Flight::Late => false,
        };
        then == OnOverrun::Gap && is_whole && was_here
    }

    /// It has missed what comes next at `place`, and has to be told.
    pub(super) fn note_missed(&mut self, place: Cursor) {
        let special = self.special();
        special.missed_from = special.missed_from.or_else(|| NonZeroU64::new(place.event));
    }

    /// What is written before anything else.
    pub(super) fn take_opening(&mut self) -> Option<Box<[u8]>> {
        let special = self.special.as_mut()?;
        let opening = special.opening.take()?;
        if special.is_nothing() {
            self.special = None;
        }
        Some(opening)
    }
}
