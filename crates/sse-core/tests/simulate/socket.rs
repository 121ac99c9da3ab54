use std::time::{Duration, Instant};

use sse_core::{
    channel::{CloseReason, Framing},
    hub::Engine,
};

use crate::{connection::Sleep, random::Random};

/// An engine under test, whose sockets are known by a number.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) engine: Engine<u64>,
    pub(crate) framing: Framing,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) sleep: Sleep,
}

impl Driver {
    pub(crate) fn new(framing: Framing, stall_timeout: Option<Duration>) -> Self {
        let engine = Engine::new(framing).with_stall_timeout(stall_timeout);
        Self { engine, framing, stall_timeout, sleep: Sleep::default() }
    }
}

/// What the driver of an engine has to a connection.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) engine: usize,
    pub(crate) number: u64,
    pub(crate) key: usize,
    /// How many bytes it takes before it is full.
    room: usize,
    pub(crate) is_broken: bool,
    /// Since when it takes nothing, if it is full.
    pub(crate) full_since: Option<Instant>,
    /// Whether it may be tried though it is full, as its engine was told that it takes something.
    pub(crate) may_be_tried: bool,
    /// The same, while it is tried again.
    pub(crate) retried: Option<Instant>,
    /// What is left of a write.
    pub(crate) rest: Vec<u8>,
    /// Why the stream ends once all is written, if that is known.
    pub(crate) ends: Option<CloseReason>,
    pub(crate) has_left: bool,
    /// Whether it was taken over by one that has not been looked at, and wakes it then.
    pub(crate) is_excused: bool,
}

impl Socket {
    pub(crate) fn new(
        (engine, number): (usize, u64),
        room: usize,
        rest: Vec<u8>,
        now: Instant,
    ) -> Self {
        Self {
            engine,
            number,
            key: usize::MAX,
            room,
            is_broken: false,
            full_since: Some(now),
            may_be_tried: true,
            retried: None,
            rest,
            ends: None,
            has_left: false,
            is_excused: false,
        }
    }

    pub(crate) fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// How many of `len` bytes it takes now.
    pub(crate) fn take(&mut self, len: usize, now: Instant) -> usize {
        let is_full = self.full_since.is_some();
        assert!(!is_full || self.may_be_tried, "it is full, and is written to");
        self.may_be_tried = false;
        let count = len.min(self.room);
        if self.room != usize::MAX {
            self.room -= count;
        }
        let retried = self.retried.take().or(self.full_since);
        self.full_since = match retried {
            _ if count == len => None,
            Some(since) if count == 0 => Some(since),
            _ => Some(now),
        };
        count
    }
}

/// How much a socket takes before it is full.
pub(crate) fn room(random: &mut Random, is_slow: bool) -> usize {
    match random.below(8) {
        0 => 0,
        1 => random.below(8),
        2 => random.below(300),
        3..5 => random.below(3_000),
        5 => random.below(50_000),
        _ if is_slow => random.below(500),
        _ => usize::MAX,
    }
}

/// What stands before every stream that is driven.
pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\n\r\n";
