use std::time::Instant;

use super::{lane::Lane, wheel::Due};
use crate::{
    access::Seat,
    channel::{CloseReason, Unsent},
    hub::Subscriber,
};

/// A stream that an engine drives. There may be very many, and a publication touches each: what most do not have
/// lies apart.
#[derive(Debug)]
pub(super) struct Stream<S> {
    pub(super) socket: S,
    /// Its place among the listeners of its client, if they are counted.
    pub(super) seat: Option<Box<Seat>>,
    /// The listener's key in its channel.
    pub(super) key: u32,
    pub(super) lane: u32,
    /// Its place among the streams of the lane.
    pub(super) place: u32,
    /// Where it stands in the wheel: then it is looked at, though it may be too early.
    pub(super) due: Due,
    /// Whether its channel has to say when it is to be looked at.
    pub(super) wants_deadline: bool,
    pub(super) blocked: Option<Box<Blocked>>,
    /// Whether it was given the rest of something since its channel was asked for it.
    pub(super) has_caught_up: bool,
    /// Whether it is among those that its lane is to look at anyway.
    pub(super) pushed: Pushed,
    /// Whether the turn that is under way is for it.
    pub(super) is_asked: bool,
    /// Whether it is over, and only still there because a turn is under way.
    pub(super) is_over: bool,
}

/// Whether a stream is among those that its lane is to look at anyway: then it stands in that queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pushed {
    No,
    Urgent,
    Postponed,
    Behind,
}

impl<S> Stream<S> {
    /// Whether a turn may be for it.
    pub(super) fn is_free(&self) -> bool {
        !self.is_asked && !self.is_over
    }

    /// What was made of a subscriber of the channel of `lane`: the socket, and that subscriber again.
    pub(super) fn into_parts(self, lane: &Lane) -> (S, Subscriber) {
        let (hub, cell) = (lane.hub.clone(), lane.cell.clone());
        (self.socket, Subscriber::driven_before(hub, cell, self.key, self.seat))
    }
}

/// What there is of a stream whose socket is full.
#[derive(Debug)]
pub(super) struct Blocked {
    /// When the client took something for the last time.
    pub(super) since: Instant,
    pub(super) unsent: Option<Unsent>,
    /// Why the stream ends behind that.
    pub(super) ends: Option<CloseReason>,
}

/// How a stream has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// All was written, the end of the stream too: its connection can go on.
    Whole(CloseReason),
    /// The stream was cut, and its connection has to be closed.
    Cut(CloseReason),
    /// The client has taken nothing for too long, and its connection has to be closed.
    Stalled,
    /// The client has left, or its socket is broken.
    Left,
}

impl From<CloseReason> for StreamEnd {
    fn from(reason: CloseReason) -> Self {
        if reason.is_clean() { Self::Whole(reason) } else { Self::Cut(reason) }
    }
}
