use std::{fmt, slice, time::Duration};

use super::{IdempotencyKey, cost::FRAME_OVERHEAD};
use crate::{event::EventId, history::Position, wire::Draft};

/// What is to be published on a channel, all of it or nothing: checked and encoded, but for what only
/// the channel knows.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) content: Content,
    /// With a digest of what was asked for under it.
    pub(crate) key: Option<(IdempotencyKey, u64)>,
}

impl Publication {
    /// The reconnection time, if that is what is published.
    pub(crate) fn retry(&self) -> Option<Duration> {
        match self.content {
            Content::Events(_) => None,
            Content::Retry(retry) => Some(retry),
        }
    }

    /// How many events there are.
    pub(crate) fn events(&self) -> usize {
        match &self.content {
            Content::Events(drafts) => drafts.len(),
            Content::Retry(_) => 0,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Content {
    Events(Drafts),
    /// A reconnection time.
    Retry(Duration),
}

/// At least one event.
#[derive(Debug)]
pub(crate) enum Drafts {
    One(Draft),
    Many(Vec<Draft>),
}

impl Drafts {
    /// The events in `drafts`, if there are any.
    pub(crate) fn new(drafts: impl Iterator<Item = Draft>) -> Option<Self> {
        let drafts: Vec<_> = drafts.collect();
        if drafts.is_empty() { None } else { Some(Self::Many(drafts)) }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// What a log has to hold for them, in bytes, with room for an id line of `id_room` bytes each.
    pub(crate) fn cost(&self, id_room: usize) -> usize {
        let costs = self.as_slice().iter().map(|draft| draft.len() + FRAME_OVERHEAD + id_room);
        costs.sum()
    }

    fn as_slice(&self) -> &[Draft] {
        match self {
            Self::One(draft) => slice::from_ref(draft),
            Self::Many(drafts) => drafts,
        }
    }
}

/// The id that a published event has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PublishedId {
    Position(Position),
    Id(EventId),
}

impl fmt::Display for PublishedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => position.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}
