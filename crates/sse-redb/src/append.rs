use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sse_core::{Token, event::EventId, history::Position, wire::Frame};

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
    pub(crate) drafts: Vec<Draft>,
    pub(crate) retry: Option<Duration>,
    pub(crate) key: Option<(Arc<str>, u64)>,
    pub(crate) time: Option<SystemTime>,
}

/// An event without its place, and the bytes that it will take without its id.
pub(crate) struct Draft {
    pub(crate) len: usize,
    pub(crate) finish: Box<dyn FnOnce(Position) -> Frame + Send>,
}

impl Append {
    /// A publication on `channel`, of nothing yet.
    pub fn new(channel: Token) -> Self {
        Self { channel, drafts: Vec::new(), retry: None, key: None, time: None }
    }

    /// Adds an event of about `len` bytes, which `finish` encodes once its position is known. It is called on
    /// the thread that writes, and must neither block nor panic.
    pub fn with_event(
        mut self,
        len: usize,
        finish: impl FnOnce(Position) -> Frame + Send + 'static,
    ) -> Self {
        self.drafts.push(Draft { len, finish: Box::new(finish) });
        self
    }

    /// Adds an event that is encoded already. It gets its position as its id; a frame that was not encoded by
    /// `sse-core` keeps the bytes that it has.
    pub fn with_frame(self, frame: Frame) -> Self {
        let len = frame.as_bytes().len();
        self.with_event(len, move |position| {
            frame.with_id(&EventId::from(position)).unwrap_or(frame)
        })
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
        let drafts = self.drafts.iter().map(|draft| draft.len + size_of::<Draft>());
        size_of::<Self>()
            + drafts.sum::<usize>()
            + self.key.as_ref().map_or(0, |(key, _)| key.len())
    }
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("channel", &self.channel)
            .field("events", &self.drafts.len())
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
    #[error("the channel is finished")]
    Finished,
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

/// The largest publication, in bytes.
pub(crate) const MAX_PUBLICATION: usize = 1 << 30;
