use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    Delivery, Engine, StreamEnd,
    stream::{Blocked, Pushed, Stream},
};
use crate::{
    channel::{CloseReason, Framing, Planned, Turn, Unsent, Written},
    hub::effects::Effects,
};

/// The turn of one lane, which is a number of writes.
#[derive(Debug, Default)]
pub(super) struct EngineTurn {
    /// The lane, from the plan until it may wait for another turn.
    lane: Option<usize>,
    /// Streams that go on with what is left of a write.
    pub(super) rests: Vec<usize>,
    /// Those that the channel is asked for, and what it says.
    pub(super) asked: Vec<usize>,
    pub(super) plan: Turn,
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
            Some(Current { kind: Kind::Frames { write }, .. }) => self.plan.writes[*write].bytes(),
            Some(current) => &current.own,
            None => &[],
        }
    }
}

/// A lane's turn: it is planned under the lock of the channel, written without it, and settled under it again.
impl<S> Engine<S> {
    /// Plans the turn of the lane that has waited longest. Returns whether there was one.
    pub(super) fn begin_turn(&mut self, now: Instant) -> bool {
        let Some(key) = self.queue.pop_front() else {
            return false;
        };
        if self.remove_if_empty(key) {
            return true;
        }
        self.turn.lane = Some(key);
        let begins_lap = self.lanes[key].begins_lap();
        let budget = self.choose(key);
        let (lane, turn) = (&mut self.lanes[key], &mut self.turn);
        let mut effects = None;
        if !turn.asked.is_empty() || begins_lap {
            let waiting = begins_lap.then_some((&mut lane.place, &lane.waker));
            let limits = (self.framing, budget);
            effects = lane.cell.plan_turn(&mut turn.plan, limits, waiting, now);
        }
        for (&stream, planned) in turn.asked.iter().zip(&turn.plan.planned) {
            let it = &mut self.streams[stream];
            if let Planned::Postponed = planned
                && it.pushed == Pushed::No
            {
                it.pushed = Pushed::Postponed;
                lane.postpone(stream);
            }
        }
        self.follow(key, effects);
        true
    }

    /// The lane that had its turn waits for another one, if there is something to do for it.
    pub(super) fn end_turn(&mut self) {
        let Some(key) = self.turn.lane.take() else {
            return;
        };
        let lane = &mut self.lanes[key];
        lane.is_queued = lane.has_work();
        if lane.is_queued {
            self.queue.push_back(key);
        } else {
            self.remove_if_empty(key);
        }
    }

    /// Does what follows from a step of a channel. The code of users may run in here, and panic: all else is done
    /// before.
    pub(super) fn follow(&self, lane: usize, effects: Option<Effects>) {
        let lane = &self.lanes[lane];
        if let Some(effects) = effects {
            lane.hub.follow(&lane.cell, effects);
        }
        lane.hub.shared.watchers.wake();
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
            Planned::Postponed => return false,
            _ if is_over => return false,
            Planned::Idle => {
                self.streams[stream].blocked = None;
                return false;
            }
            Planned::Wait { until } => {
                let it = &mut self.streams[stream];
                (it.blocked, it.wants_deadline) = (None, false);
                self.set_due(stream, until);
                return false;
            }
            Planned::Told(told) => (Kind::Told, self.framing.frame(told)),
            Planned::Page(bytes) => (Kind::Told, bytes),
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
        let unsent = |own| Some(Unsent { frame: own, framing: Framing::Plain, offset: count });
        if let Kind::Frames { write } = kind {
            self.turn.note_written(key, &self.streams[key], write, count);
        }
        match kind {
            Kind::Rest => self.note_rest(key, count, now),
            Kind::Frames { .. } if count < len => self.block(key, count, (None, None), now),
            Kind::Told if count < len => self.block(key, count, (unsent(own), None), now),
            Kind::Close(reason) if count < len => {
                self.block(key, count, (unsent(own), Some(reason)), now);
            }
            Kind::Frames { write } => {
                let stream = &mut self.streams[key];
                stream.blocked = None;
                if self.turn.plan.writes[write].has_more {
                    self.push_behind(key);
                } else if stream.wants_deadline {
                    self.push(key);
                }
            }
            Kind::Told => {
                self.streams[key].blocked = None;
                self.push(key);
            }
            Kind::Close(reason) => self.end(key, reason.into()),
        }
    }

    /// Whether all that was planned is written. The channel is told so then: what is published from here on finds
    /// every listener at its place, and not in the middle of a write. A driver that lets others run does so where
    /// this is true, which it is after 16 writes at the latest.
    pub fn finish_turn(&mut self, now: Instant) -> bool {
        let is_over = !self.turn.has_write() && !self.next_write(now);
        if is_over {
            self.settle(now);
        }
        is_over
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
            return self.watch_stall(key, now);
        }
        let ends = blocked.ends;
        (stream.blocked, stream.wants_deadline, stream.has_caught_up) = (None, true, true);
        match ends {
            Some(reason) => self.end(key, reason.into()),
            None => self.push(key),
        }
    }

    /// The socket of a stream is full, which has taken `count` bytes.
    fn block(
        &mut self,
        key: usize,
        count: usize,
        (unsent, ends): (Option<Unsent>, Option<CloseReason>),
        now: Instant,
    ) {
        let stream = &mut self.streams[key];
        let since = match &stream.blocked {
            Some(blocked) if count == 0 => blocked.since,
            _ => now,
        };
        stream.blocked = Some(Box::new(Blocked { since, unsent, ends }));
        self.watch_stall(key, now);
    }

    /// Tells the channel what was written, and takes what is left of it.
    pub(super) fn settle(&mut self, now: Instant) {
        let Some(key) = self.turn.lane else {
            return;
        };
        let Self { turn, lanes, streams, .. } = self;
        let mut effects = None;
        if !turn.written.is_empty() {
            effects = lanes[key].cell.settle_turn(&mut turn.plan, now);
            for (stream, written) in turn.written.drain(..).zip(turn.plan.written.drain(..)) {
                if let Some(blocked) = &mut streams[stream].blocked {
                    blocked.unsent = written.unsent;
                }
            }
        }
        for stream in turn.rests.drain(..).chain(turn.asked.drain(..)) {
            streams[stream].is_asked = false;
        }
        turn.plan.clear();
        (turn.next_rest, turn.next_planned) = (0, 0);
        self.follow(key, effects);
    }
}

impl EngineTurn {
    fn note_written<S>(&mut self, key: usize, stream: &Stream<S>, write: usize, count: usize) {
        let key_of_listener = stream.key as usize;
        self.plan.written.push(Written { key: key_of_listener, write, count, unsent: None });
        self.written.push(key);
    }
}
