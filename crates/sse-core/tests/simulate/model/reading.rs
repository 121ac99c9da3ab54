use std::time::{Duration, Instant};

use sse_core::{
    access::Grant,
    channel::{CloseReason, Framing, Output},
};

use super::{Cursor, Model, Place, Presence, Reason};

/// What one look at a listener has shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) is_waiting: bool,
    pub(crate) is_over: bool,
    /// Whether the write ends inside an event.
    pub(crate) is_piece: bool,
    /// Whether the write has several frames, and no room for the next.
    pub(crate) is_full: bool,
    pub(crate) is_comment: bool,
    /// Why it is over, if it is.
    pub(crate) reason: Option<CloseReason>,
    pub(crate) gaps: u64,
    pub(crate) is_farewell: bool,
}

impl Model {
    /// Holds what a listener was given against what it has to be given.
    pub(crate) fn read(&mut self, who: usize, output: &Output, now: Instant) -> Look {
        let mut look = Look::default();
        match output {
            Output::Write(bytes) => self.check_write(who, bytes, now, &mut look),
            Output::Wait { until } => {
                self.check_wait(who, *until, now);
                look.is_waiting = true;
            }
            Output::Close(reason) => {
                self.check_close(who, *reason, now);
                look.is_over = true;
                look.reason = Some(*reason);
            }
            other => panic!("nobody asked for {other:?}"),
        }
        self.tidy(self.places[who].channel);
        look
    }

    fn check_write(&mut self, who: usize, bytes: &[u8], now: Instant, look: &mut Look) {
        assert!(!bytes.is_empty() && bytes.len() <= MAX_WRITE, "{} bytes in a write", bytes.len());
        let silence = now - self.places[who].last_write;
        self.places[who].last_write = now;
        if let Some(first) = self.places[who].first_block.take() {
            return assert_text(bytes, &first, "the first block");
        }
        if let Some(gap) = self.take_gap(who) {
            look.gaps += 1;
            return assert_text(bytes, &gap, "the gap in the stream");
        }
        if self.take_frames(who, bytes) {
            look.is_piece = 0 < self.places[who].offset;
            look.is_full = FULL < bytes.len() && !look.is_piece;
            return;
        }
        if self.places[who].is_here() {
            assert_text(bytes, ":\n\n", "there was nothing to say");
            look.is_comment = true;
            return assert!(KEEPALIVE <= silence, "a comment after {silence:?}");
        }
        look.is_farewell = true;
        self.check_farewell(who, bytes, now);
    }

    /// What a listener has to be told that fell behind and goes on.
    pub(crate) fn take_gap(&mut self, who: usize) -> Option<String> {
        let from = self.places[who].missed_from.take()?;
        let place = &self.places[who];
        let missed = place.cursor.event - from;
        if missed == 0 {
            return None;
        }
        let (_, life) = self.get(place.channel);
        let (requested, id) = if self.settings.history.is_some() {
            let anchor = life.position(place.cursor.event - 1);
            (format!("\"{}\"", life.position(from - 1)), format!("id: {anchor}\n"))
        } else {
            ("null".to_owned(), String::new())
        };
        Some(format!(
            "event: sse.gap\ndata: {{\"reason\":\"trimmed\",\"requested\":{requested},\
             \"missed\":{missed}}}\n{id}\n"
        ))
    }

    /// Reads frames of a listener's channel off `bytes`; returns whether there were any to read.
    fn take_frames(&mut self, who: usize, bytes: &[u8]) -> bool {
        let Some(flown) = self.check_frames(who, bytes, Framing::Plain) else {
            return false;
        };
        let place = &mut self.places[who];
        (place.cursor, place.offset) = flown.to;
        true
    }

    pub(crate) fn check_farewell(&mut self, who: usize, bytes: &[u8], now: Instant) {
        let place = &mut self.places[who];
        let Presence::Leaving { reason, .. } = place.presence else {
            panic!("nothing is said to {:?}", place.presence);
        };
        assert!(!place.has_farewell, "two farewells");
        place.has_farewell = true;
        match reason {
            Reason::Replaced => assert_text(bytes, REPLACED, "the farewell"),
            Reason::Finished => {
                assert!(self.settings.closed_ttl.is_some(), "its token is free at once");
                assert_text(bytes, END, "the farewell");
            }
            Reason::Expired | Reason::Revoked => assert_text(bytes, EXPIRED, "the farewell"),
            Reason::Shutdown | Reason::Drained => {
                let text = str::from_utf8(bytes).expect("it is text");
                let millis =
                    text.strip_prefix("retry: ").and_then(|text| text.strip_suffix("\n\n"));
                let back = now + Duration::from_millis(millis.expect(text).parse().expect(text));
                let over = self.drained.expect("it drains") + self.settings.drain;
                let latest = over.max(now) + self.settings.drain + Duration::from_millis(2);
                assert!(over <= back && back <= latest, "it comes back too early, or too late");
            }
        }
    }

    fn check_wait(&self, who: usize, until: Option<Instant>, now: Instant) {
        let place = &self.places[who];
        assert!(place.is_here() && place.first_block.is_none(), "it waits for nothing");
        let is_told = place.missed_from.is_none_or(|from| from == place.cursor.event);
        let (it, life) = self.get(place.channel);
        let next = it.frame(life, place.cursor, self.until(place));
        assert!(is_told && next.is_none(), "it waits and has not seen everything");
        let until = until.expect("there is a keepalive");
        if let Some(end) = place.grant.as_ref().and_then(Grant::end) {
            assert!(now < end && until <= end, "it waits beyond the end of its grant");
        }
        assert!(now < until && until <= place.last_write + KEEPALIVE + KEEPALIVE / 8, "no comment");
    }

    fn check_close(&self, who: usize, reason: CloseReason, now: Instant) {
        assert_eq!(reason, self.close_reason(who, now));
    }

    /// Why a listener's stream ends, which has been told everything.
    pub(crate) fn close_reason(&self, who: usize, now: Instant) -> CloseReason {
        let place = &self.places[who];
        assert!(place.first_block.is_none(), "the first block was not written");
        let has_read = !place.is_reading() && place.offset == 0;
        match place.presence {
            Presence::Here => panic!("it ends, and nobody ended it"),
            Presence::Cut { missed } => CloseReason::Overrun { missed },
            _ if !has_read => panic!("it ends before it has read everything"),
            Presence::Leaving { reason: why, .. } => {
                let (is_told, reason) = match why {
                    Reason::Replaced => (true, CloseReason::Replaced),
                    Reason::Finished => (self.settings.closed_ttl.is_some(), CloseReason::Finished),
                    Reason::Drained => (true, CloseReason::Shutdown),
                    Reason::Expired => (true, CloseReason::Expired),
                    Reason::Revoked => (true, CloseReason::Revoked),
                    // It is told when to come back if its own end in the drain has come.
                    Reason::Shutdown => {
                        let is_over =
                            self.drained.is_some_and(|at| at + self.settings.drain <= now);
                        (is_over || place.has_farewell, CloseReason::Shutdown)
                    }
                };
                assert_eq!(place.has_farewell, is_told, "whether it was told before {reason:?}");
                reason
            }
        }
    }

    /// Up to where a listener reads.
    pub(super) fn until(&self, place: &Place) -> Cursor {
        match place.presence {
            Presence::Here => self.get(place.channel).0.behind(),
            Presence::Leaving { at, .. } => at,
            Presence::Cut { .. } => place.cursor,
        }
    }
}

pub(crate) fn assert_text(bytes: &[u8], expected: &str, what: &str) {
    assert_eq!(str::from_utf8(bytes), Ok(expected), "{what}");
}

const END: &str = "event: sse.end\ndata: {}\n\n";

const EXPIRED: &str = "event: sse.expired\ndata: {}\n\n";

const REPLACED: &str = "event: sse.replaced\nretry: 86400000\ndata: {}\n\n";

const MAX_WRITE: usize = 16 << 10;

/// A write that is longer has hardly room for another short frame.
const FULL: usize = MAX_WRITE - 400;

pub(crate) const KEEPALIVE: Duration = Duration::from_secs(15);
