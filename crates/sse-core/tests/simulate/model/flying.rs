use std::time::{Duration, Instant};

use sse_core::{access::Grant, channel::Framing};

use super::{
    Cursor, Model, Presence,
    channel::Joined,
    reading::{KEEPALIVE, assert_text},
};

/// Frames that were written, or are to be.
#[derive(Clone, Debug)]
pub(crate) struct Flown {
    /// Where they begin, and how much of the first one was written before.
    from: (Cursor, usize),
    pub(crate) to: (Cursor, usize),
    /// Where each ends in the write, the place behind it, and how long all of it is without what is around it.
    ends: Vec<(usize, Cursor, usize)>,
    bytes: Vec<u8>,
}

/// Where a socket stands that took a part of a write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Landed {
    /// What is left of the frame that was begun.
    pub(crate) rest: Vec<u8>,
    /// Whether the log had overtaken the listener meanwhile.
    pub(crate) is_overtaken: bool,
    pub(crate) has_fallen: bool,
}

impl Model {
    /// Holds a write of frames against what is to be read next, if there is anything.
    pub(crate) fn check_frames(
        &mut self,
        who: usize,
        bytes: &[u8],
        framing: Framing,
    ) -> Option<Flown> {
        let max = max_write(framing);
        let place = &self.places[who];
        let (channel, from, until) =
            (place.channel, (place.cursor, place.offset), self.until(place));
        let (it, life) = self.get(channel);
        let ((mut cursor, mut offset), mut at) = (from, 0);
        let mut ends = Vec::new();
        while at < bytes.len()
            && let Some((frame, next)) = it.frame(life, cursor, until)
        {
            let framed = framed(framing, frame);
            let left = &framed[offset..];
            let taken = left.len().min(bytes.len() - at);
            assert!(bytes[at..at + taken] == left[..taken], "not what comes at {cursor:?}");
            ends.push((at + left.len(), next, frame.len()));
            at += taken;
            (cursor, offset) =
                if taken == left.len() { (next, 0) } else { (cursor, offset + taken) };
        }
        if ends.is_empty() {
            return None;
        }
        assert!(at == bytes.len(), "{} bytes more than there are", bytes.len() - at);
        let to = (cursor, offset);
        let known = it.joined[framing as usize].as_ref();
        let known = known.filter(|known| {
            let is_there = known.from == from || from.1 == 0 && known.between.contains(&from.0);
            let is_end = known.is_full || known.to.0 == until;
            framing == Framing::Chunked && is_there && is_end && !until.is_before(known.to.0)
        });
        if let Some(known) = known {
            assert_eq!(to, known.to, "another write goes on from here");
            return Some(Flown { from, to, ends, bytes: bytes.to_vec() });
        }
        let (is_end, is_full) = match it.frame(life, cursor, until) {
            Some(_) if 0 < offset => (bytes.len() == max && ends.len() == 1, true),
            Some((frame, _)) => (max < bytes.len() + framed(framing, frame).len(), true),
            None => (true, false),
        };
        assert!(is_end, "more was ready than the {} bytes of a write", bytes.len());
        let is_whole_frame = ends.len() == 1 && from.1 == 0 && offset == 0;
        if framing == Framing::Chunked || !is_whole_frame {
            let between = match from.1 {
                0 => ends[..ends.len() - 1].iter().map(|(_, place, _)| *place).collect(),
                _ => Vec::new(),
            };
            let joined = Joined { from, to, between, len: bytes.len(), is_full };
            self.channels[channel].joined[framing as usize] = Some(joined);
        }
        Some(Flown { from, to, ends, bytes: bytes.to_vec() })
    }

    /// A socket has taken `count` bytes of frames.
    pub(crate) fn land(&mut self, who: usize, flown: &Flown, count: usize, now: Instant) -> Landed {
        let mut landed = Landed::default();
        let (mut cursor, mut offset) = flown.to;
        if count < flown.bytes.len() {
            (cursor, offset, landed.rest) = flown.cut(count);
        }
        let is_told = self.settings.on_overrun == sse_core::channel::OnOverrun::Gap;
        let place = &mut self.places[who];
        if 0 < count {
            place.last_write = now;
        }
        place.is_in_flight = false;
        landed.is_overtaken = (place.cursor, place.offset) != flown.from;
        let start = place.cursor;
        (place.cursor, place.offset) = (cursor, offset);
        if landed.is_overtaken {
            // Whoever was cut or is leaving is looked at as if it had stood there at once.
            let is_done = match place.presence {
                Presence::Leaving { at, .. } => !cursor.is_before(at),
                _ => false,
            };
            landed.has_fallen = !is_done && cursor.is_before(start);
            if landed.has_fallen {
                let is_whole = offset == 0 || start.event <= cursor.event;
                if is_told && !place.is_late && is_whole {
                    place.missed_from.get_or_insert(cursor.event);
                } else {
                    let missed = start.event.saturating_sub(cursor.event);
                    place.presence = Presence::Cut { missed };
                }
            }
            place.cursor = cursor.max(start);
        }
        place.is_late = false;
        place.read_what_is_begun();
        let (channel, token) = (place.channel, self.token_of(who));
        if landed.has_fallen {
            *self.cut.entry(token).or_default() += 1;
            self.desert(channel);
        }
        self.tidy(channel);
        landed
    }

    /// A comment is written to a listener that has nothing to read, after a silence.
    pub(crate) fn check_comment(&mut self, who: usize, text: &[u8], now: Instant) {
        let place = &mut self.places[who];
        assert!(place.is_here(), "there is nothing to say to {:?}", place.presence);
        assert_text(text, ":\n\n", "there was nothing to say");
        let silence = now - place.last_write;
        assert!(KEEPALIVE <= silence, "a comment after {silence:?}");
        place.last_write = now;
    }

    /// A listener that was told something, or given the rest of something.
    pub(crate) fn note_write(&mut self, who: usize, now: Instant) {
        self.places[who].last_write = now;
    }

    /// Whether nothing is kept for a listener, and it is to be told its end.
    pub(crate) fn is_gone(&self, who: usize) -> bool {
        !self.is_reading(who) && self.places[who].offset == 0
    }

    /// Whether a listener is gone that was not told all that was for it.
    pub(crate) fn is_cut(&self, who: usize) -> bool {
        matches!(self.places[who].presence, Presence::Cut { .. })
    }

    /// What the stream begins with was taken to be written.
    pub(crate) fn take_first_block(&mut self, who: usize) -> String {
        self.places[who].first_block.take().expect("it was not written")
    }

    /// Frames are under way to a listener.
    pub(crate) fn take_off(&mut self, who: usize) {
        self.places[who].is_in_flight = true;
        self.tidy(self.places[who].channel);
    }

    /// An engine waits, and a listener's socket is not full: it has read everything, and nothing was due long ago.
    pub(crate) fn check_idle(&self, who: usize, now: Instant) {
        let place = &self.places[who];
        let end = place.grant.as_ref().and_then(Grant::end);
        if end.is_some_and(|end| end <= now && now < end + TICK) {
            // Another one may know it already.
            return;
        }
        assert!(place.is_here(), "it waits, and is {:?}", place.presence);
        let is_told = place.missed_from.is_none_or(|from| from == place.cursor.event);
        let (it, life) = self.get(place.channel);
        let next = it.frame(life, place.cursor, self.until(place));
        assert!(is_told && next.is_none(), "it waits and has not seen everything");
        assert!(end.is_none_or(|end| now < end), "it waits beyond the end of its grant");
        assert!(now < place.last_write + KEEPALIVE + KEEPALIVE / 8, "no comment");
    }
}

impl Flown {
    /// Where a reader stands that has `count` bytes, and what is left of a frame that it has begun and that is not
    /// too long for a write.
    fn cut(&self, count: usize) -> (Cursor, usize, Vec<u8>) {
        let ((mut cursor, mut offset), mut begin) = (self.from, 0);
        for &(end, next, len) in &self.ends {
            if count < end {
                offset += count - begin;
                if offset == 0 || LONG < len {
                    return (cursor, offset, Vec::new());
                }
                return (next, 0, self.bytes[count..end].to_vec());
            }
            (cursor, offset, begin) = (next, 0, end);
        }
        (cursor, offset, Vec::new())
    }
}

/// How long an engine may be late.
pub(crate) const TICK: Duration = Duration::from_millis(51);

/// A frame that is longer is written in pieces.
const LONG: usize = 16 << 10;

fn max_write(framing: Framing) -> usize {
    match framing {
        Framing::Chunked => 64 << 10,
        _ => 16 << 10,
    }
}

fn framed(framing: Framing, frame: &str) -> std::borrow::Cow<'_, [u8]> {
    match framing {
        Framing::Chunked => {
            let mut all = Vec::new();
            for piece in frame.as_bytes().chunks(LONG) {
                all.extend(format!("{:X}\r\n", piece.len()).into_bytes());
                all.extend(piece);
                all.extend(b"\r\n");
            }
            all.into()
        }
        _ => frame.as_bytes().into(),
    }
}
