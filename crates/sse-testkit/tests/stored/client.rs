use std::{pin::Pin, time::Instant};

use bytes::Bytes;
use sse_core::{
    Decoder, Item,
    history::Position,
    hub::{Joining, Subscriber},
};
use sse_testkit::checker::CheckedClient;

use crate::{flag::Flag, judge::Seen};

/// A client of one channel.
pub(crate) struct Client {
    pub(crate) token: usize,
    pub(crate) link: Link,
    pub(crate) flag: Flag,
    /// Whether it reads all that there is when it is its turn.
    pub(crate) is_slow: bool,
    pub(crate) decoder: Decoder,
    pub(crate) checked: CheckedClient,
    /// Where it stands, as it was told.
    pub(crate) at: Option<Position>,
}

pub(crate) enum Link {
    /// It has no connection.
    Away,
    Joining {
        joining: Pin<Box<Joining>>,
        /// The ID that it came with.
        asked: String,
        /// What the store could say when it came.
        seen: Box<Seen>,
    },
    Here(Box<Subscriber>),
}

/// What a client is told of its place.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Note {
    Event,
    /// A gap in its stream, from one place to the other.
    Gap {
        from: Position,
        to: Position,
    },
}

impl Client {
    pub(crate) fn new(token: usize, is_slow: bool, checked: CheckedClient) -> Self {
        Self {
            token,
            link: Link::Away,
            flag: Flag::raised(),
            is_slow,
            decoder: Decoder::new(),
            checked,
            at: None,
        }
    }

    pub(crate) fn is_away(&self) -> bool {
        matches!(self.link, Link::Away)
    }

    pub(crate) fn is_here(&self) -> bool {
        matches!(self.link, Link::Here(_))
    }

    /// It reads `bytes`, which have arrived.
    pub(crate) fn read(&mut self, bytes: &Bytes) -> Vec<Note> {
        let mut bytes = &bytes[..];
        let mut notes = Vec::new();
        while let Some(item) = self.decoder.decode(&mut bytes).expect("it is short enough") {
            let Item::Event(event) = item else { continue };
            self.checked.see(event);
            let is_silent =
                event.name().starts_with("sse.") && !matches!(event.name(), "sse.open" | "sse.gap");
            if is_silent {
                continue;
            }
            let position = Position::parse(event.last_event_id().as_bytes());
            if event.name() == "sse.gap"
                && let (Some(from), Some(to)) = (self.at, position)
            {
                notes.push(Note::Gap { from, to });
            } else {
                notes.push(Note::Event);
            }
            self.at = position;
        }
        notes
    }

    /// Its connection is over, for whatever reason.
    pub(crate) fn part(&mut self) {
        self.link = Link::Away;
        self.decoder.reset();
        self.checked.leave();
        self.at = None;
    }

    /// It goes on as `listener`.
    pub(crate) fn arrive(&mut self, listener: Subscriber, asked: &str) {
        self.checked.connect((!asked.is_empty()).then_some(asked));
        self.link = Link::Here(Box::new(listener));
        self.flag.raise();
    }

    /// Whether it waits for the store for too long.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        matches!(&self.link, Link::Joining { joining, .. } if joining.deadline() <= now)
    }
}
