use crate::wire::{line::DATA, line::EVENT, line::ID};

/// How much a [`Decoder`](crate::Decoder) is willing to hold.
///
/// Every limit is checked before the bytes are kept, and the peer gets no further than one of
/// them: passing it is a [`DecodeError`]. Comments and unknown fields that nobody asked for, and
/// the digits of `retry`, are not kept and therefore not limited. The limits count bytes as they
/// were received; the repair of bytes that are not UTF-8 may make the text up to three times as
/// long.
///
/// ```
/// use sse_core::{
///     Decoder,
///     wire::{DecodeError, Limits},
/// };
///
/// let mut decoder = Decoder::with_limits(Limits::default().with_event(4));
///
/// assert_eq!(
///     decoder.decode(&mut &b"data: 12345"[..]),
///     Err(DecodeError::EventTooLong { limit: 4 }),
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    pub(in crate::wire) line: usize,
    pub(in crate::wire) event: usize,
    pub(in crate::wire) data_lines: usize,
    pub(in crate::wire) name: usize,
    pub(in crate::wire) id: usize,
}

impl Limits {
    /// Bytes of one line that is kept: field name, colon and value. Default: 16 MiB.
    ///
    /// The one space that may follow the colon and the line end are not counted. This is the
    /// limit of a comment, where comments are wanted.
    #[must_use]
    pub fn with_line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }

    /// Bytes of one event's data, with the LF between its lines. Default: 16 MiB, which leaves
    /// room for the messages of 14 MB that clients are known to be tested with.
    #[must_use]
    pub fn with_event(mut self, bytes: usize) -> Self {
        self.event = bytes;
        self
    }

    /// `data` fields of one event, the empty ones too. Default: 2 000 000.
    #[must_use]
    pub fn with_data_lines(mut self, lines: usize) -> Self {
        self.data_lines = lines;
        self
    }

    /// Bytes of an event's name. Default: 64 KiB.
    #[must_use]
    pub fn with_name(mut self, bytes: usize) -> Self {
        self.name = bytes;
        self
    }

    /// Bytes of an event's id. Default: 64 KiB.
    ///
    /// An id comes back as a header of the next request, and servers accept about 8 KiB of those.
    #[must_use]
    pub fn with_id(mut self, bytes: usize) -> Self {
        self.id = bytes;
        self
    }
}

/// Values of this length and longer may pass one of the [`Limits`], if the line is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) data: usize,
    pub(super) name: usize,
    pub(super) id: usize,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        let bound = |field: &[u8], limit: usize| match limits.line.checked_sub(field.len()) {
            Some(line) => line.min(limit).saturating_add(1),
            None => 0,
        };
        Self {
            data: if limits.data_lines == 0 { 0 } else { bound(DATA, limits.event) },
            name: bound(EVENT, limits.name),
            id: bound(ID, limits.id),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 16 * 1024 * 1024,
            event: 16 * 1024 * 1024,
            data_lines: 2_000_000,
            name: 64 * 1024,
            id: 64 * 1024,
        }
    }
}

/// What a [`Decoder`](crate::Decoder) does when the peer passes one of its [`Limits`].
///
/// ```
/// use sse_core::{
///     Decoder, Item,
///     wire::{DecodeError, Limits, Overflow},
/// };
///
/// let limits = Limits::default().with_event(4);
/// let mut decoder = Decoder::with_limits(limits).with_overflow(Overflow::Drop);
/// let mut input = &b"id: 7\ndata: 12345\n\ndata: 1\n\n"[..];
///
/// let dropped = Item::Dropped(DecodeError::EventTooLong { limit: 4 });
/// assert_eq!(decoder.decode(&mut input)?, Some(dropped));
/// let Some(Item::Event(event)) = decoder.decode(&mut input)? else {
///     panic!("the next event is not concerned");
/// };
/// assert_eq!((event.data(), event.last_event_id()), ("1", "7"));
/// # Ok::<(), DecodeError>(())
/// ```
#[expect(clippy::exhaustive_enums, reason = "a stream ends there, or it goes on")]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Overflow {
    /// The stream has failed.
    #[default]
    Fail,
    /// The event is dropped up to its blank line, [`Item::Dropped`](crate::Item::Dropped) says so,
    /// and the stream goes on. A comment that is too long is dropped alone.
    ///
    /// Its id counts all the same, unless that was too long: else the next connection would begin
    /// with the same event.
    Drop,
}

/// Why a stream cannot be decoded any further: the peer passed one of the [`Limits`].
///
/// ```
/// use sse_core::wire::DecodeError;
///
/// let error = DecodeError::LineTooLong { limit: 1024 };
/// assert_eq!(error.to_string(), "line longer than 1024 bytes");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// A line passed [`Limits::with_line`].
    #[error("line longer than {limit} bytes")]
    LineTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The data of an event passed [`Limits::with_event`].
    #[error("event data longer than {limit} bytes")]
    EventTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The data of an event passed [`Limits::with_data_lines`].
    #[error("event of more than {limit} data lines")]
    TooManyDataLines {
        /// The limit in lines.
        limit: usize,
    },
    /// The name of an event passed [`Limits::with_name`].
    #[error("event name longer than {limit} bytes")]
    NameTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The id of an event passed [`Limits::with_id`].
    #[error("event id longer than {limit} bytes")]
    IdTooLong {
        /// The limit in bytes.
        limit: usize,
    },
}
