use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sse_core::{Token, history::Position, store::Draft, wire::Frame};

use crate::Failure;

/// What is to be stored of one publication, all of it or nothing.
///
/// ```
/// use sse_core::{Event, Token, wire::Frame};
/// use sse_redb::Append;
///
/// let append = Append::new(Token::new("42")?)
///     .with_frame(Event::data("21.5").into())
///     .with_key("order-1", 0x2a);
/// # Ok::<(), sse_core::channel::TokenError>(())
/// ```
#[must_use]
pub struct Append {
    pub(crate) channel: Token,
    pub(crate) events: Events,
    pub(crate) retry: Option<Duration>,
    pub(crate) key: Option<(Arc<str>, u64)>,
    pub(crate) time: Option<SystemTime>,
}

/// Events without their places.
pub(crate) enum Events {
    Frames(Vec<Frame>),
    Drafts(Vec<Draft>),
}

impl Append {
    /// A publication on `channel`, of nothing yet.
    pub fn new(channel: Token) -> Self {
        let events = Events::Frames(Vec::new());
        Self { channel, events, retry: None, key: None, time: None }
    }

    /// Adds an event that is encoded already. It gets its position as its id; a frame that was not encoded by
    /// `sse-core` keeps the bytes that it has.
    pub fn with_frame(mut self, frame: Frame) -> Self {
        if let Events::Frames(frames) = &mut self.events {
            frames.push(frame);
        }
        self
    }

    /// Sets the channel's reconnection time, with or without events.
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Names the publication, so that the same one is stored once: another one under `key` with the same
    /// `digest` gets the outcome of the first, and with another digest is refused.
    pub fn with_key(mut self, key: impl Into<Arc<str>>, digest: u64) -> Self {
        self.key = Some((key.into(), digest));
        self
    }

    /// Sets when it was published. Default: when it is stored.
    pub fn with_time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// What it takes in the queue, in bytes.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Self>()
            + self.events.len() * EVENT_OVERHEAD
            + self.events.bytes()
            + self.key.as_ref().map_or(0, |(key, _)| key.len())
    }
}

impl Events {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.len(),
            Self::Drafts(drafts) => drafts.len(),
        }
    }

    /// How many bytes they have together, without their ids.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.iter().map(|frame| frame.as_bytes().len()).sum(),
            Self::Drafts(drafts) => drafts.iter().map(Draft::len).sum(),
        }
    }
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("channel", &self.channel)
            .field("events", &self.events.len())
            .field("retry", &self.retry)
            .field("key", &self.key)
            .field("time", &self.time)
            .finish()
    }
}

/// An event that a store keeps.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// Its place in the channel, which is its id too.
    pub position: Position,
    /// When it was published.
    pub time: SystemTime,
    /// Its bytes.
    pub frame: Frame,
}

/// What a store did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// The newest position of what was asked for: that of the last event, or of the channel if there was none.
    pub position: Option<Position>,
    /// The events, in their order; none if they were stored before.
    pub events: Vec<StoredEvent>,
    /// Whether it was stored before, under the same key.
    pub is_duplicate: bool,
}

/// What became of a change.
///
/// ```
/// use sse_redb::Outcome;
///
/// fn answer(outcome: &Outcome) -> (u16, String) {
///     match outcome {
///         Outcome::Safe(stored) => (200, stored.position.map(|it| it.to_string()).unwrap_or_default()),
///         Outcome::Refused(refused) => (503, refused.to_string()),
///         Outcome::Unknown(failure) => (503, format!("it may still appear, once: {failure}")),
///     }
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a caller must have an answer to each")]
pub enum Outcome {
    /// It is stored, as safe as [`Durability`](crate::Durability) says.
    Safe(Stored),
    /// Nothing of it was stored, and nothing will be.
    Refused(Refused),
    /// Whether it is stored shows when the store is opened anew.
    Unknown(Failure),
}

/// Why a change was refused. Nothing of it was stored.
///
/// ```
/// use sse_redb::Refused;
///
/// let refused = Refused::DiskFull { file_bytes: 4_096 };
/// assert!(refused.to_string().starts_with("the disk is full, or the history's file of 4096 bytes"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Too much waits for the disk; try again later.
    #[error(
        "{events} events of {bytes} bytes wait for the disk, and at most {max_events} of {max_bytes} may; try again later"
    )]
    QueueFull {
        /// How many events wait.
        events: usize,
        /// How many bytes.
        bytes: usize,
        /// How many events may wait.
        max_events: usize,
        /// How many bytes may wait.
        max_bytes: usize,
    },
    /// The disk is full, or the file as long as it may be.
    #[error(
        "the disk is full, or the history's file of {file_bytes} bytes may not grow; make room, or allow more"
    )]
    DiskFull {
        /// The length of the file.
        file_bytes: u64,
    },
    /// The memory for the index is used up by channels that keep no events.
    #[error(
        "the index of the history takes {bytes} bytes, and at most {limit} are allowed; allow more, or fewer channels"
    )]
    IndexFull {
        /// What it takes.
        bytes: usize,
        /// What it may take.
        limit: usize,
    },
    /// The channel is finished, and its name not free yet.
    #[error("the channel is finished, and takes something again in {left:?}")]
    Finished {
        /// How long it takes nothing from now on.
        left: Duration,
    },
    /// Something else was published under the key.
    #[error("something else was published under the idempotency key {key:?}")]
    KeyReused {
        /// The key.
        key: Arc<str>,
    },
    /// The key is longer than a record can hold.
    #[error("the idempotency key has {len} bytes, and at most {} are allowed", u16::MAX)]
    KeyTooLong {
        /// Its length.
        len: usize,
    },
    /// The events are more than a record or a batch can hold.
    #[error("the publication has {len} bytes, and at most {} are allowed", MAX_PUBLICATION)]
    TooLarge {
        /// Its length.
        len: usize,
    },
    /// The store has failed before, or was shut.
    #[error("the history takes nothing any more: {0}")]
    Failed(Failure),
    /// The store is being shut.
    #[error("the history is shut")]
    Shut,
}

/// What an event takes in memory beside its bytes.
const EVENT_OVERHEAD: usize = 64;
/// The largest publication, in bytes.
pub(crate) const MAX_PUBLICATION: usize = 1 << 30;
