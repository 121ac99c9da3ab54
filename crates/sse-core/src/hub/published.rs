use super::{HubLimit, Wakers};
use crate::{
    Token,
    channel::PublishedId,
    event::{EventId, EventName},
    format::FormatError,
    history::Position,
    store::Unavailable,
};

/// What became of a publication.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, id_source::Counter};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat).with_ids(Counter::default())), Instant::now());
/// # let token = Token::new("42")?;
/// let _listener = hub.subscribe(&token, now)?;
/// let published = hub.publish(&token, "ping", b"hi", now)?;
/// assert_eq!(published.id().unwrap().as_str(), "0");
/// assert_eq!(published.listeners(), 1);
/// published.wake();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "idle listeners wait until they are woken"]
pub struct Published {
    pub(super) id: Option<PublishedId>,
    pub(super) listeners: usize,
    pub(super) overrun: Vec<Overrun>,
    pub(super) is_duplicate: bool,
    pub(super) wakers: Wakers,
}

impl Published {
    /// Nothing that anybody waits for, for so many listeners.
    pub(super) fn to(listeners: usize) -> Self {
        Self {
            id: None,
            listeners,
            overrun: Vec::new(),
            is_duplicate: false,
            wakers: Wakers::none(),
        }
    }

    /// The id that the event was given or has brought; of several, the last one's.
    pub fn id(&self) -> Option<EventId> {
        match self.id.as_ref()? {
            PublishedId::Position(position) => Some((*position).into()),
            PublishedId::Id(id) => Some(id.clone()),
        }
    }

    /// The position of the event in the history of its channel; of several, the last one's.
    pub fn position(&self) -> Option<Position> {
        match self.id.as_ref()? {
            PublishedId::Position(position) => Some(*position),
            PublishedId::Id(_) => None,
        }
    }

    /// How many it was published for.
    pub fn listeners(&self) -> usize {
        self.listeners
    }

    /// Whether it was published before, under the same key, and so was not published now.
    pub fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }

    /// The listeners that it pushed out of a log, worth a line in a log file.
    pub fn overrun(&self) -> &[Overrun] {
        &self.overrun
    }

    /// The wakers of the listeners that were idle.
    pub fn into_wakers(self) -> Wakers {
        self.wakers
    }

    /// Wakes the listeners that were idle, from this thread.
    pub fn wake(self) {
        self.wakers.wake();
    }
}

/// Listeners that fell too far behind, and were cut or told so.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Overrun {
    /// The channel they listened on.
    pub token: Token,
    /// How many they were.
    pub listeners: usize,
}

/// Why nothing was published.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Nobody listens on the channel; in a hub with history, it is closed for a while.
    #[error("nobody listens on the channel")]
    NotConnected,
    /// The hub is shutting down.
    #[error("the hub is shutting down")]
    Shutdown,
    /// There is as much of something as there may be.
    #[error("there may be no more than {max} {limit}")]
    Limit {
        /// Of what.
        limit: HubLimit,
        /// How much.
        max: usize,
    },
    /// More than the log of a channel can hold.
    #[error("the data would take {bytes} bytes of a channel's log, which holds {max}")]
    TooLarge {
        /// What it would take, in bytes.
        bytes: usize,
        /// See [`HubConfig::with_max_log_bytes`](crate::HubConfig::with_max_log_bytes).
        max: usize,
    },
    /// More events than may be published at once.
    #[error("no more than {max} events may be published at once")]
    TooManyEvents {
        /// See [`HubConfig::with_max_batch`](crate::HubConfig::with_max_batch).
        max: usize,
    },
    /// The grant that permitted it ended or was revoked while the body arrived.
    #[error("the grant has ended or was revoked")]
    GrantEnded,
    /// The hub has a store, which answers later: use [`Hub::submit`](crate::Hub::submit).
    #[error("the hub has a store: what is published is submitted, and waited for")]
    HasStore,
    /// The store takes nothing now. Nothing was published.
    #[error("the history cannot be written now: {0}")]
    Unavailable(Unavailable),
    /// The store has not said what became of it: it may have been published, and may still be, once.
    #[error("it is not known whether it was published, and it may still be, once: {0}")]
    Unknown(Unavailable),
    /// Something else was published under the same idempotency key.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// No event, or one without data, which nobody would be shown.
    #[error("there is no event with data to publish")]
    Empty,
    /// An event with an id of its own, in a hub that gives the ids.
    #[error("the event has the id {id:?}, and the hub gives ids of its own")]
    OwnId {
        /// The id that it has.
        id: EventId,
    },
    /// An event under a name that is kept for the system's own events.
    #[error("the event is named {name:?}, and `sse.` is kept for the system's own events")]
    Reserved {
        /// Its name.
        name: EventName,
    },
    /// No POST action has this name.
    #[error("unknown action {action:?}")]
    UnknownAction {
        /// The name that was asked for.
        action: String,
    },
    /// The body does not fit the format.
    #[error("the data is not properly formatted: {0}")]
    Format(#[from] FormatError),
    /// A line of a batch does not fit the format.
    #[error("line {line} is not properly formatted: {error}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        error: FormatError,
    },
}
