use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{
    Channel, ChannelConfig, CloseReason, Cursor, Drain, Framing, Unsent, listener::Presence,
    poll::Next,
};

/// One turn of an engine at a channel: who is asked for, what is to be written to them, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) asked: Vec<Ask>,
    /// For each that was asked for, in this order; those for which the budget was not enough are left out.
    pub(crate) planned: Vec<Planned>,
    /// The writes that [`Planned::Frames`] names.
    pub(crate) writes: Vec<Write>,
    pub(crate) written: Vec<Written>,
}

/// The frames from one place in the log to another, for all that stand there.
#[derive(Debug)]
pub(crate) struct Write {
    from: Cursor,
    to: Cursor,
    pub(crate) bytes: Bytes,
    /// Whether there is more to be written behind it.
    pub(crate) has_more: bool,
}

/// A listener that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) key: usize,
    /// Whether it has to be said when to ask again.
    pub(crate) wants_deadline: bool,
}

/// What is to be done for a listener.
#[derive(Debug)]
pub(crate) enum Planned {
    /// One of the writes, which is in flight until it is said what was taken of it.
    Frames { write: usize },
    /// What it alone is told. Ask again once that is written.
    Told(Bytes),
    /// What it is told at last, if anything, and the end of its stream.
    Close { told: Bytes, reason: CloseReason },
    /// Nothing before the channel has news, or the time comes that was said before.
    Idle,
    /// Nothing before the channel has news, or `until` comes.
    Wait { until: Option<Instant> },
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

impl Channel {
    /// Plans what is written to those who are asked for: at most `budget` bytes, but one write in any case.
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
            if left < MAX_TOLD {
                break;
            }
            let ask = turn.asked[at];
            let planned = match self.plan_in_step(ask, &turn.writes, drain) {
                Some(planned) => planned,
                None => self.plan(ask.key, &mut turn.writes, framing, drain, config, now),
            };
            let len = match &planned {
                Planned::Frames { write } => turn.writes[*write].bytes.len(),
                Planned::Told(told) | Planned::Close { told, .. } => framing.len(told.len()),
                Planned::Idle | Planned::Wait { .. } => 0,
            };
            if let Planned::Frames { .. } = planned {
                if left < len && left < budget {
                    break;
                }
                self.listeners.get_mut(ask.key).is_in_flight = true;
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
    ) -> Option<Planned> {
        let end = self.log.end();
        let listener = self.listeners.get_mut(ask.key);
        if listener.special.is_some() || drain.is_some() {
            return None;
        }
        if writes.last().is_some_and(|write| write.from == listener.cursor) {
            return Some(Planned::Frames { write: writes.len() - 1 });
        }
        (!ask.wants_deadline && listener.cursor == end).then_some(Planned::Idle)
    }

    fn plan(
        &mut self,
        key: usize,
        writes: &mut Vec<Write>,
        framing: Framing,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Planned {
        let mut told = BytesMut::new();
        loop {
            match self.next(key, framing, drain, config, now) {
                // All that it alone is told goes out in one write.
                Next::Told(bytes) => told.extend_from_slice(&bytes),
                Next::Close(reason) => return Planned::Close { told: told.freeze(), reason },
                _ if !told.is_empty() => return Planned::Told(told.freeze()),
                Next::Frames { bytes, to } => {
                    let listener = self.listeners.get_mut(key);
                    let from = listener.cursor;
                    // Who is leaving is told so behind the last frame.
                    let has_more = listener.presence != Presence::Here
                        || to.is_before(self.log.end())
                        || 0 < to.offset;
                    writes.push(Write { from, to, bytes, has_more });
                    return Planned::Frames { write: writes.len() - 1 };
                }
                Next::Wait { until } => return Planned::Wait { until },
            }
        }
    }

    /// Takes note of what was written.
    pub(crate) fn settle_turn(
        &mut self,
        turn: &mut Turn,
        framing: Framing,
        config: &ChannelConfig,
        now: Instant,
    ) {
        let Turn { written, writes, .. } = turn;
        let mut has_fallen = false;
        for written in written.chunk_by_mut(|a, b| a.write == b.write) {
            let Write { from, to, bytes, .. } = &writes[written[0].write];
            let is_overtaken = from.is_before(self.log.start());
            has_fallen |= is_overtaken;
            let mut readers = 0;
            for Written { key, count, unsent, .. } in &mut *written {
                let listener = self.listeners.get_mut(*key);
                listener.is_in_flight = false;
                if 0 < *count {
                    listener.last_write = now;
                }
                if is_overtaken {
                    // How much of it was read, only the frames that are gone could tell.
                    if 0 < *count {
                        self.cut_one(*key);
                    }
                } else if *count == bytes.len() {
                    listener.cursor = *to;
                    readers += 1;
                } else {
                    let place;
                    (place, *unsent) = self.log.place_after(*from, *count, framing);
                    listener.cursor = place;
                    self.log.advance(1, *from, place);
                }
            }
            if 0 < readers {
                self.log.advance(readers, *from, *to);
            }
            for Written { key, .. } in written {
                self.listeners.go_if_all_is_read(*key, &mut self.log);
            }
        }
        if has_fallen {
            self.fall_out(config);
            self.forget_if_deserted(config);
        }
    }
}

/// More than all that a listener is told at once.
const MAX_TOLD: usize = 4 << 10;
