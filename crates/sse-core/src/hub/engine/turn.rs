use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    Delivery, Engine, StreamEnd,
    stream::{Blocked, Stream},
    wheel::Due,
};
use crate::channel::{Ask, CloseReason, Framing, Planned, Turn, Unsent, Written};

/// The turn of one lane, which is a number of writes.
#[derive(Debug, Default)]
pub(super) struct EngineTurn {
    /// The lane, from the plan until what came of it is settled.
    lane: Option<usize>,
    /// Streams that go on with what is left of a write.
    rests: Vec<usize>,
    /// Those that the channel was asked for, and what it said.
    asked: Vec<usize>,
    plan: Turn,
    next_rest: usize,
    next_planned: usize,
    /// Whose writes the channel has to be told of.
    written: Vec<usize>,
    current: Option<Current>,
}

/// The write that the driver was told to do.
#[derive(Debug)]
struct Current {
    stream: usize,
    kind: Kind,
    /// What is not one of the writes that the plan has for many.
    own: Bytes,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Rest,
    Frames { write: usize },
    Told,
    Close(CloseReason),
}

impl EngineTurn {
    pub(super) fn has_write(&self) -> bool {
        self.current.is_some()
    }

    fn bytes(&self) -> &[u8] {
        match &self.current {
            Some(Current { kind: Kind::Frames { write }, .. }) => &self.plan.writes[*write].bytes,
            Some(current) => &current.own,
            None => &[],
        }
    }
}

/// A lane's turn: it is planned under the lock of the channel, written without it, and settled under it again.
impl<S> Engine<S> {
    /// Plans the turn of the lane that has waited longest. Returns whether there was one.
    pub(super) fn begin_turn(&mut self, now: Instant) -> bool {
        let Some(lane_key) = self.queue.pop_front() else {
            return false;
        };
        let Some(lane) = self.lanes.get_mut(lane_key) else {
            return true;
        };
        lane.is_queued = false;
        let begins_lap = lane.begins_lap();
        let budget = self.choose(lane_key);
        let (lane, turn) = (&mut self.lanes[lane_key], &mut self.turn);
        if !turn.asked.is_empty() || begins_lap {
            let waiting = begins_lap.then_some((&mut lane.place, &lane.waker));
            let limits = (self.framing, budget);
            let effects = lane.cell.plan_turn(&mut turn.plan, limits, waiting, now);
            if let Some(effects) = effects {
                lane.hub.follow(&lane.cell, effects);
            }
            lane.hub.shared.watchers.wake();
        }
        for stream in turn.asked.drain(turn.plan.planned.len()..) {
            self.streams[stream].is_asked = false;
            lane.push(stream);
        }
        turn.lane = Some(lane_key);
        if lane.has_work() {
            lane.is_queued = true;
            self.queue.push_back(lane_key);
        }
        true
    }

    /// Chooses whom the turn is for: those first who were blocked or are due, then some of the lap. Returns how many
    /// bytes are left for those who are asked for.
    fn choose(&mut self, lane: usize) -> usize {
        let Self { lanes, streams, turn, .. } = self;
        let lane = &mut lanes[lane];
        let mut budget = Self::MAX_TURN;
        let is_open = |turn: &EngineTurn, budget| {
            turn.asked.len() + turn.rests.len() < MAX_STREAMS && Self::MAX_TURN / 2 < budget
        };
        while is_open(turn, budget)
            && let Some(key) = lane.next_urgent()
        {
            let Some(stream) = streams.get_mut(key).filter(|stream| stream.is_free()) else {
                continue;
            };
            stream.is_asked = true;
            match stream.blocked.as_ref().and_then(|blocked| blocked.unsent.as_ref()) {
                Some(unsent) => {
                    budget = budget.saturating_sub(unsent.len());
                    turn.rests.push(key);
                }
                None => {
                    if stream.blocked.take().is_some() {
                        // How long the silence may be is known again once it is asked for.
                        stream.due = Due::UNKNOWN;
                    }
                    turn.ask(key, stream);
                }
            }
        }
        while is_open(turn, budget)
            && let Some(key) = lane.next_of_lap()
        {
            let stream = &mut streams[key];
            if stream.is_free() && stream.blocked.is_none() {
                stream.is_asked = true;
                turn.ask(key, stream);
            }
        }
        budget
    }

    /// Finds the next write of the turn. Returns whether there is one.
    pub(super) fn next_write(&mut self, now: Instant) -> bool {
        while let Some(&stream) = self.turn.rests.get(self.turn.next_rest) {
            self.turn.next_rest += 1;
            let rest = self.streams[stream].blocked.as_ref();
            let rest = rest.and_then(|blocked| blocked.unsent.as_ref());
            if let Some(unsent) = rest.filter(|_| !self.streams[stream].is_over) {
                let own = unsent.bytes();
                self.turn.current = Some(Current { stream, kind: Kind::Rest, own });
                return true;
            }
        }
        while let Some(planned) = self.turn.plan.planned.get_mut(self.turn.next_planned) {
            let planned = std::mem::replace(planned, Planned::Idle);
            let stream = self.turn.asked[self.turn.next_planned];
            self.turn.next_planned += 1;
            if self.start_write(stream, planned, now) {
                return true;
            }
        }
        false
    }

    fn start_write(&mut self, stream: usize, planned: Planned, now: Instant) -> bool {
        let is_over = self.streams[stream].is_over;
        let (kind, own) = match planned {
            Planned::Frames { write } if is_over => {
                self.turn.note_written(stream, &self.streams[stream], write, 0);
                return false;
            }
            Planned::Frames { write } => (Kind::Frames { write }, Bytes::new()),
            Planned::Idle => return false,
            _ if is_over => return false,
            Planned::Wait { until } => {
                self.set_due(stream, until);
                return false;
            }
            Planned::Told(told) => (Kind::Told, self.framing.frame(told)),
            Planned::Close { reason, .. } if !reason.is_clean() => {
                self.end(stream, reason.into());
                return false;
            }
            Planned::Close { told, reason } => (Kind::Close(reason), self.last(told)),
        };
        self.turn.current = Some(Current { stream, kind, own });
        if self.turn.bytes().is_empty() {
            // A stream without a farewell and framing ends without a write.
            self.handle_written(0, now);
            return false;
        }
        true
    }

    /// What a stream is told at last, and its end.
    pub(super) fn last(&self, told: Bytes) -> Bytes {
        let told = self.framing.frame(told);
        let mut last = BytesMut::with_capacity(told.len() + self.framing.end().len());
        last.put(told);
        last.put_slice(self.framing.end());
        last.freeze()
    }

    /// The write that was found.
    pub(super) fn write(&mut self) -> Delivery<'_, S> {
        let Self { turn, streams, .. } = self;
        let stream = turn.current.as_ref().map_or(0, |current| current.stream);
        Delivery::Write { socket: &mut streams[stream].socket, bytes: turn.bytes() }
    }

    /// The socket has taken `count` bytes of what was to be written. If that is not all, it is full, and
    /// [`Self::handle_writable`] is to be called once it is not.
    ///
    /// # Panics
    ///
    /// If the driver was not told to write, or `count` is more than there was.
    pub fn handle_written(&mut self, count: usize, now: Instant) {
        let len = self.turn.bytes().len();
        let Some(Current { stream: key, kind, own }) = self.turn.current.take() else {
            panic!("there was nothing to write");
        };
        assert!(count <= len, "{count} bytes were taken of {len}");
        let is_whole = count == len;
        let unsent = |own| Some(Unsent { frame: own, framing: Framing::Plain, offset: count });
        match kind {
            Kind::Rest => self.note_rest(key, count, now),
            Kind::Frames { write } => {
                self.turn.note_written(key, &self.streams[key], write, count);
                if !is_whole {
                    self.block(key, None, None, now);
                } else if self.turn.plan.writes[write].has_more {
                    self.push(key);
                }
            }
            Kind::Told if is_whole => self.push(key),
            Kind::Told => self.block(key, unsent(own), None, now),
            Kind::Close(reason) if is_whole => self.end(key, reason.into()),
            Kind::Close(reason) => self.block(key, unsent(own), Some(reason), now),
        }
    }

    /// The socket that was to be written to is broken.
    ///
    /// # Panics
    ///
    /// If the driver was not told to write.
    pub fn handle_broken(&mut self) {
        let Some(Current { stream, kind, .. }) = self.turn.current.take() else {
            panic!("there was nothing to write");
        };
        if let Kind::Frames { write } = kind {
            self.turn.note_written(stream, &self.streams[stream], write, 0);
        }
        self.end(stream, StreamEnd::Left);
    }

    /// The socket has taken `count` bytes of what was left of a write.
    fn note_rest(&mut self, key: usize, count: usize, now: Instant) {
        let stream = &mut self.streams[key];
        let Some(blocked) = &mut stream.blocked else { return };
        let Some(unsent) = &mut blocked.unsent else { return };
        unsent.offset += count;
        if 0 < unsent.len() {
            if 0 < count {
                blocked.since = now;
            }
            return self.watch_stall(key);
        }
        let ends = blocked.ends;
        (stream.blocked, stream.due) = (None, Due::UNKNOWN);
        match ends {
            Some(reason) => self.end(key, reason.into()),
            None => self.push(key),
        }
    }

    fn block(
        &mut self,
        key: usize,
        unsent: Option<Unsent>,
        ends: Option<CloseReason>,
        now: Instant,
    ) {
        self.streams[key].blocked = Some(Box::new(Blocked { since: now, unsent, ends }));
        self.watch_stall(key);
    }

    /// Tells the channel what was written, and takes what is left of it.
    pub(super) fn settle(&mut self, now: Instant) {
        let Some(lane) = self.turn.lane.take() else {
            return;
        };
        let Self { turn, lanes, streams, .. } = self;
        if !turn.written.is_empty() {
            let lane = &lanes[lane];
            if let Some(effects) = lane.cell.settle_turn(&mut turn.plan, self.framing, now) {
                lane.hub.follow(&lane.cell, effects);
            }
            lane.hub.shared.watchers.wake();
            for (key, written) in turn.written.drain(..).zip(turn.plan.written.drain(..)) {
                if let Some(blocked) = &mut streams[key].blocked {
                    blocked.unsent = written.unsent;
                }
            }
        }
        for key in turn.rests.drain(..).chain(turn.asked.drain(..)) {
            streams[key].is_asked = false;
        }
        turn.plan.asked.clear();
        turn.plan.planned.clear();
        turn.plan.writes.clear();
        (turn.next_rest, turn.next_planned) = (0, 0);
    }
}

impl EngineTurn {
    fn ask<S>(&mut self, key: usize, stream: &Stream<S>) {
        let wants_deadline = stream.due == Due::UNKNOWN;
        self.plan.asked.push(Ask { key: stream.key as usize, wants_deadline });
        self.asked.push(key);
    }

    fn note_written<S>(&mut self, key: usize, stream: &Stream<S>, write: usize, count: usize) {
        let key_of_listener = stream.key as usize;
        self.plan.written.push(Written { key: key_of_listener, write, count, unsent: None });
        self.written.push(key);
    }
}

/// How many streams are written to in a turn at most.
const MAX_STREAMS: usize = 64;
