use std::time::Duration;

use super::{IdempotencyKey, log::FRAME_OVERHEAD};
use crate::{EventId, Position, wire::Draft};

/// What is to be published on a channel, all of it or nothing: checked and encoded, but for what only
/// the channel knows.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) content: Content,
    /// With a digest of what was asked for under it.
    pub(crate) key: Option<(IdempotencyKey, u64)>,
}

impl Publication {
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
pub(crate) struct Drafts {
    first: Option<Draft>,
    rest: Vec<Draft>,
}

impl Drafts {
    /// The events in `drafts`, if there are any.
    pub(crate) fn new(mut drafts: impl Iterator<Item = Draft>) -> Option<Self> {
        let first = drafts.next()?;
        Some(Self { first: Some(first), rest: drafts.collect() })
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// What a log has to hold for them, in bytes, with room for an id line of `id_room` bytes each.
    pub(crate) fn cost(&self, id_room: usize) -> usize {
        let drafts = self.first.iter().chain(&self.rest);
        drafts.map(|draft| draft.len() + FRAME_OVERHEAD + id_room).sum()
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = Draft> {
        self.first.take().into_iter().chain(std::mem::take(&mut self.rest))
    }
}

impl From<Draft> for Drafts {
    fn from(draft: Draft) -> Self {
        Self { first: Some(draft), rest: Vec::new() }
    }
}

/// The id that a published event has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PublishedId {
    Position(Position),
    Id(EventId),
}

impl std::fmt::Display for PublishedId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Position(position) => position.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}
