use std::{
    mem,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{Event, EventId, IdSource, IdempotencyKey, Log};

/// What is to be appended to a channel, all of it or nothing.
#[derive(Debug)]
pub(super) struct Posting<'a> {
    pub(super) content: Content,
    /// Where ids come from if the channel does not remember its events.
    pub(super) ids: Option<&'a dyn IdSource>,
    pub(super) key: Option<&'a IdempotencyKey>,
}

#[derive(Debug)]
pub(super) enum Content {
    Events(Vec<Event>),
    Retry(Duration),
}

impl Posting<'_> {
    /// The frames as they come to stand at the end of `log`.
    pub(super) fn encode(&mut self, log: &Log, now: Instant) -> Vec<Bytes> {
        let events = match &mut self.content {
            Content::Events(events) => events,
            Content::Retry(retry) => return vec![Event::default().with_retry(*retry).encode()],
        };
        let numbered = (log.end().event()..).zip(events);
        let encoded = numbered.map(|(seq, event)| {
            let position = log.position(seq).map(EventId::from);
            if let Some(id) = position.or_else(|| self.ids.map(|ids| ids.next_id(now))) {
                *event = mem::take(event).with_id(id);
            }
            event.encode()
        });
        encoded.collect()
    }

    /// The id of the last event, once they are encoded.
    pub(super) fn last_id(&self) -> Option<EventId> {
        match &self.content {
            Content::Events(events) => events.last()?.id().cloned(),
            Content::Retry(_) => None,
        }
    }

    /// How many events there are.
    pub(super) fn events(&self) -> usize {
        match &self.content {
            Content::Events(events) => events.len(),
            Content::Retry(_) => 0,
        }
    }

    pub(super) fn retry(&self) -> Option<Duration> {
        match &self.content {
            Content::Events(_) => None,
            Content::Retry(retry) => Some(*retry),
        }
    }
}

/// What became of what was to be appended.
#[derive(Debug, Default)]
pub(super) struct Appended {
    pub(super) id: Option<EventId>,
    /// It was there already, and nothing was appended.
    pub(super) is_duplicate: bool,
    pub(super) listeners: usize,
    pub(super) overrun: usize,
    /// Idle listeners with a lower ticket have to be woken.
    pub(super) tickets: u64,
    /// When the channel has to be looked at.
    pub(super) due: Option<Instant>,
}

/// Why nothing was appended to a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// It is closed, and its token is kept.
    Ended,
    /// All channels together remember too much for so many bytes more.
    NoRoom { needed: usize },
    /// There are as many channels as there may be.
    Channels,
    /// The hub is shutting down.
    Shutdown,
}
