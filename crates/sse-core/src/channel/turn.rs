use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    Channel, ChannelConfig, CloseReason, Cursor, Drain, Framing, Traffic, Unsent,
    behind::Reading,
    listener::{Flight, Presence},
    log::Segment,
    poll::Next,
};
use crate::wire::KEEPALIVE;

/// One turn of an engine at a channel: who is asked for, what is to be written to them, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) asked: Vec<Ask>,
    /// For each that was asked for, in this order.
    pub(crate) planned: Vec<Planned>,
    /// The writes that [`Planned::Frames`] names.
    pub(crate) writes: Vec<Write>,
    pub(crate) written: Vec<Written>,
    /// What was written, for the hub to take note of once the turn is settled.
    pub(crate) traffic: Traffic,
}

/// The frames from one place in the log to another, for all that stand there.
#[derive(Debug)]
pub(crate) struct Write {
    from: Cursor,
    segment: Arc<Segment>,
    /// Where it begins in the segment, whose end is its own.
    start: usize,
    /// Whether it has less than others may read, who stand there and are not leaving.
    is_limited: bool,
    /// Whether there is more to be written behind it.
    pub(crate) has_more: bool,
}

/// A listener that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) key: usize,
    /// Whether it has to be said when to ask again.
    pub(crate) wants_deadline: bool,
    /// Whether it was given the rest of something since it was asked for last.
    pub(crate) has_caught_up: bool,
}

/// What is to be done for a listener.
#[derive(Debug)]
pub(crate) enum Planned {
    /// One of the writes, which is in flight until it is said what was taken of it.
    Frames { write: usize },
    /// What it alone is told. Ask again once that is written.
    Told(Bytes),
    /// A part of a page that it reads, which is framed. Ask again once that is written.
    Page(Bytes),
    /// What it is told at last, if anything, and the end of its stream.
    Close { told: Bytes, reason: CloseReason },
    /// Nothing before the channel has news, or the time comes that was said before.
    Idle,
    /// Nothing before the channel has news, or `until` comes.
    Wait { until: Option<Instant> },
    /// It has to be asked for again in another turn: this one has no room for it.
    Postponed,
}

/// What came of a write of frames.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) key: usize,
    pub(crate) write: usize,
    /// How many bytes were taken.
    pub(crate) count: usize,
    /// What is left of a frame that was taken in part, as an answer.
    pub(crate) unsent: Option<Unsent>,
}

impl Turn {
    /// Forgets everything but the room for it.
    pub(crate) fn clear(&mut self) {
        let Self { asked, planned, writes, written, traffic: _ } = self;
        asked.clear();
        planned.clear();
        writes.clear();
        written.clear();
    }
}

impl Channel {
    /// Plans what is written to those who are asked for, at most `budget` bytes.
    pub(crate) fn plan_turn(
        &mut self,
        turn: &mut Turn,
        (framing, budget): (Framing, usize),
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) {
        let mut left = budget;
        for at in 0..turn.asked.len() {
            let ask = turn.asked[at];
            if ask.has_caught_up {
                self.listeners.get_mut(ask.key).last_write = now;
            }
            let planned = match self.plan_in_step(ask, &turn.writes, drain, now) {
                _ if left < MAX_TOLD => Planned::Postponed,
                Some(planned) => planned,
                None => self.plan(ask.key, turn, (framing, left), drain, config, now),
            };
            let len = planned.len(&turn.writes, framing);
            if let Planned::Frames { .. } = planned {
                if left < len {
                    turn.planned.push(Planned::Postponed);
                    continue;
                }
                self.listeners.get_mut(ask.key).flight = Flight::UnderWay;
            }
            left = left.saturating_sub(len);
            turn.planned.push(planned);
        }
    }

    /// The short way for a listener like most: there is nothing special about it, and it stands where another one
    /// stood before it, or has read everything.
    fn plan_in_step(
        &mut self,
        ask: Ask,
        writes: &[Write],
        drain: Option<&Drain>,
        now: Instant,
    ) -> Option<Planned> {
        let end = self.log.end();
        let listener = self.listeners.get_mut(ask.key);
        if !listener.is_plain(now) || drain.is_some() {
            return None;
        }
        let last = writes.last().filter(|write| !write.is_limited);
        if last.is_some_and(|write| write.from == listener.cursor) {
            return Some(Planned::Frames { write: writes.len() - 1 });
        }
        (!ask.wants_deadline && listener.cursor == end).then_some(Planned::Idle)
    }

    fn plan(
        &mut self,
        key: usize,
        turn: &mut Turn,
        (framing, left): (Framing, usize),
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Planned {
        loop {
            // All that it alone is told goes out in one write.
            match self.tell_all(key, drain, config, now) {
                (told, Some(reason)) => return Planned::Close { told, reason },
                (told, None) if !told.is_empty() => return Planned::Told(told),
                _ => (),
            }
            if self.is_behind(key) && left < framing.max_write() {
                return Planned::Postponed;
            }
            match self.read_behind(key, framing, now) {
                Some(Reading::Bytes(bytes)) => return Planned::Page(bytes),
                Some(Reading::Waits) => return self.idle(key, drain, config, now).into(),
                Some(Reading::Missed) => (),
                None => break,
            }
        }
        let listener = self.listeners.get_mut(key);
        // Who is leaving is told so behind the last frame.
        let (from, is_limited) = (listener.cursor, listener.presence != Presence::Here);
        let until = self.until(key);
        let (segment, start) = match self.log.segment(from, until, framing) {
            Some(known) => known,
            None => match self.log.span(from, until, framing) {
                None => return self.idle(key, drain, config, now).into(),
                // It is not worth to be joined.
                Some(span) if left < span.len => return Planned::Postponed,
                Some(span) => (self.log.make_segment(from, span, framing), 0),
            },
        };
        let to = segment.to;
        let has_more = is_limited || to.is_before(self.log.end()) || 0 < to.offset;
        turn.writes.push(Write { from, segment, start, is_limited, has_more });
        Planned::Frames { write: turn.writes.len() - 1 }
    }

    /// Takes note of what was written.
    pub(crate) fn settle_turn(&mut self, turn: &mut Turn, config: &ChannelConfig, now: Instant) {
        let Turn { written, writes, traffic, .. } = turn;
        let end = self.log.end();
        for written in written.chunk_by_mut(|a, b| a.write == b.write) {
            let write = &writes[written[0].write];
            let (len, to) = (write.bytes().len(), write.segment.to);
            let (events, published) = (to.event - write.from.event, self.log.published(write.from));
            let (mut readers, mut replaying) = (0, 0);
            for Written { key, count, unsent, .. } in &mut *written {
                let listener = self.listeners.get_mut(*key);
                if 0 < *count {
                    listener.last_write = now;
                }
                let place;
                (place, *unsent) = match *count == len {
                    true => (to, None),
                    false => write.segment.cut(write.start + *count, &self.log),
                };
                let is_alone = place != to || listener.cursor != write.from;
                if is_alone && 0 < *count {
                    let left = unsent.as_ref().map_or(0, Unsent::len);
                    traffic.add_writes(1, *count + left, place.event - write.from.event);
                }
                if listener.cursor != write.from {
                    self.land(*key, place, config);
                    continue;
                }
                listener.flight = Flight::None;
                if place == to {
                    listener.cursor = place;
                    readers += 1;
                    if listener.is_replaying {
                        replaying += 1;
                        listener.is_replaying = to.event < end.event;
                    }
                } else {
                    listener.cursor = place;
                    self.log.advance(1, write.from, place);
                }
            }
            if 0 < readers {
                self.log.advance(readers, write.from, to);
                traffic.add_writes(readers, len, events);
                let timely = if 0 < events { readers - replaying } else { 0 };
                traffic.add_latency(timely, published, now);
            }
            for Written { key, .. } in written {
                self.listeners.go_if_all_is_read(*key, &mut self.log);
            }
        }
        if 0 < self.fallen {
            self.forget_if_deserted(config);
        }
    }
}

impl Planned {
    /// How many bytes are to be written for it.
    fn len(&self, writes: &[Write], framing: Framing) -> usize {
        match self {
            Self::Frames { write } => writes[*write].bytes().len(),
            Self::Told(told) => framing.len(told.len()),
            Self::Page(bytes) => bytes.len(),
            Self::Close { told, .. } => framing.len(told.len()) + framing.end().len(),
            Self::Idle | Self::Wait { .. } | Self::Postponed => 0,
        }
    }
}

impl From<Next> for Planned {
    fn from(next: Next) -> Self {
        match next {
            Next::Comment => Self::Told(KEEPALIVE),
            Next::Wait { until } => Self::Wait { until },
        }
    }
}

impl Write {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.segment.bytes[self.start..]
    }
}

/// More than all that a listener is told at once.
const MAX_TOLD: usize = 4 << 10;
