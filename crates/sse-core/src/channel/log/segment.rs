use bytes::Bytes;

use super::Log;
use crate::channel::{Cursor, Framing, Output, Unsent};

/// Frames of a log as they are put on a connection, one behind the other: one write, for all who stand where it
/// begins or between its frames.
#[derive(Debug)]
pub(in crate::channel) struct Segment {
    pub(in crate::channel) from: Cursor,
    pub(in crate::channel) to: Cursor,
    pub(in crate::channel) framing: Framing,
    pub(in crate::channel) bytes: Bytes,
    /// Where its frames end; nothing if it has one only, or a piece of one.
    pub(in crate::channel) ends: Vec<FrameEnd>,
    /// Whether the frame behind it did not fit in, so that it ends there for good.
    pub(in crate::channel) is_full: bool,
}

/// Where a frame ends in a segment.
#[derive(Clone, Copy, Debug)]
pub(in crate::channel) struct FrameEnd {
    pub(in crate::channel) at: usize,
    /// How many of the frames up to here are events.
    pub(in crate::channel) events: usize,
}

impl Segment {
    /// Where in its bytes a reader at `place` begins.
    pub(in crate::channel) fn start(&self, place: Cursor) -> Option<usize> {
        if place == self.from {
            return Some(0);
        }
        if self.from.offset != 0 || place.offset != 0 || place.is_before(self.from) {
            return None;
        }
        let events = place.event - self.from.event;
        let frame = (events + place.aside - self.from.aside) as usize;
        let before = self.ends.get(frame.checked_sub(1)?)?;
        let is_there = before.events as u64 == events && frame < self.ends.len();
        is_there.then_some(before.at)
    }

    /// The place behind the frame `frame`.
    fn place_behind(&self, frame: usize) -> Cursor {
        match self.ends.get(frame) {
            Some(end) => Cursor::new(
                self.from.event + end.events as u64,
                self.from.aside + (frame + 1 - end.events) as u64,
            ),
            None => self.to,
        }
    }

    /// Where a reader stands that has the bytes up to `cut`. If that is inside a frame of at most
    /// [`Output::MAX_WRITE`] bytes, the place is behind the frame, and what is unsent of it comes too.
    pub(in crate::channel) fn cut(&self, cut: usize, log: &Log) -> (Cursor, Option<Unsent>) {
        let frame = self.ends.partition_point(|end| end.at <= cut);
        let (before, begin) = match frame.checked_sub(1) {
            None => (self.from, 0),
            Some(last) => (self.place_behind(last), self.ends[last].at),
        };
        let (end, after) = match self.ends.get(frame) {
            Some(end) => (end.at, self.place_behind(frame)),
            None => (self.bytes.len(), self.to),
        };
        let (len, offset) = (before.offset + end - begin, before.offset + cut - begin);
        if offset == 0 || after.offset != 0 || self.framing.len(Output::MAX_WRITE) < len {
            return (Cursor { offset, ..before }, None);
        }
        let is_event = before.event < after.event;
        let unsent = match log.frame(before, is_event) {
            Some(frame) => Unsent { frame: frame.clone(), framing: self.framing, offset },
            // The log has dropped it meanwhile.
            None => {
                let frame = Bytes::copy_from_slice(&self.bytes[begin..end]);
                Unsent { frame, framing: Framing::Plain, offset: cut - begin }
            }
        };
        (after, Some(unsent))
    }
}
