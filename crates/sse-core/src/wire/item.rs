use std::{fmt, time::Duration};

use crate::wire::DecodeError;

/// What a [`Decoder`](crate::Decoder) finds in a stream.
///
/// ```
/// use std::time::Duration;
///
/// use sse_core::{Decoder, Item};
///
/// let mut decoder = Decoder::new().with_comments(true);
/// let mut input = &b":hello\nretry: 500\n"[..];
///
/// assert_eq!(decoder.decode(&mut input)?, Some(Item::Comment("hello")));
/// assert_eq!(decoder.decode(&mut input)?, Some(Item::Retry(Duration::from_millis(500))));
/// assert_eq!(decoder.decode(&mut input)?, None);
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[expect(clippy::exhaustive_enums, reason = "the format has these, and a reader must match all")]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Item<'a> {
    /// An event was dispatched.
    Event(EventRef<'a>),
    /// A comment line: everything after its colon, a leading space too.
    ///
    /// They come only after [`Decoder::with_comments`](crate::Decoder::with_comments).
    Comment(&'a str),
    /// The peer set the reconnection time. Longer ones than `u64` milliseconds are cut to that.
    Retry(Duration),
    /// An event, or a comment, passed one of the [`Limits`](crate::wire::Limits) and is not delivered.
    ///
    /// It comes only after [`Decoder::with_overflow`](crate::Decoder::with_overflow).
    Dropped(DecodeError),
}

/// A decoded event that still lies in the buffers of the [`Decoder`](crate::Decoder).
///
/// ```
/// use sse_core::{Decoder, Item};
///
/// let mut decoder = Decoder::new();
/// let mut input = &b"id: 7\ndata: 21.5\n\n"[..];
/// let Some(Item::Event(event)) = decoder.decode(&mut input)? else {
///     panic!("a whole event went in");
/// };
///
/// assert_eq!((event.name(), event.data(), event.last_event_id()), ("message", "21.5", "7"));
/// let kept = event.to_owned();
/// # drop(kept);
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EventRef<'a> {
    pub(super) name: &'a str,
    pub(super) data: &'a str,
    pub(super) last_event_id: &'a str,
}

impl<'a> EventRef<'a> {
    /// The name, which is `message` where the peer gave none.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The data, its lines joined by LF.
    pub fn data(&self) -> &'a str {
        self.data
    }

    /// The id of this event, or else the last one before it; empty if there was none.
    pub fn last_event_id(&self) -> &'a str {
        self.last_event_id
    }

    /// The data as JSON. What `T` borrows, it borrows from the data.
    ///
    /// ```
    /// use sse_core::{Decoder, Item};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Token<'a> {
    ///     text: &'a str,
    /// }
    ///
    /// let mut decoder = Decoder::new();
    /// let Some(Item::Event(event)) = decoder.decode(&mut &b"data: {\"text\":\"Hi\"}\n\n"[..])? else {
    ///     panic!("a whole event went in");
    /// };
    /// assert_eq!(event.json::<Token>()?.text, "Hi");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The data is not JSON, or not a `T`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data)
    }

    /// The event in storage of its own: one allocation.
    #[inline]
    pub fn to_owned(&self) -> MessageEvent {
        let Self { name, data, last_event_id } = *self;
        if last_event_id.is_empty() && name == MESSAGE {
            return MessageEvent { text: data.into(), data: data.len(), name: data.len() };
        }
        self.joined()
    }

    fn joined(&self) -> MessageEvent {
        let Self { name, data, last_event_id } = *self;
        let name = if name == MESSAGE { "" } else { name };
        let text = [data, name, last_event_id].concat().into();
        MessageEvent { text, data: data.len(), name: data.len() + name.len() }
    }
}

impl From<EventRef<'_>> for MessageEvent {
    fn from(event: EventRef<'_>) -> Self {
        event.to_owned()
    }
}

/// A decoded event in storage of its own.
///
/// ```
/// use sse_core::{Decoder, Item, wire::MessageEvent};
///
/// let mut decoder = Decoder::new();
/// let mut input = &b"data: 1\n\ndata: 2\n\n"[..];
/// let mut events: Vec<MessageEvent> = Vec::new();
/// while let Some(item) = decoder.decode(&mut input)? {
///     if let Item::Event(event) = item {
///         events.push(event.to_owned());
///     }
/// }
///
/// assert_eq!(events[0].data(), "1");
/// assert_eq!(events[1].data(), "2");
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
///
/// # Source
///
/// HTML Standard, [The EventSource interface][spec]: what a page gets as a `MessageEvent`.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct MessageEvent {
    /// The data, the name unless it is `message`, and the id.
    text: Box<str>,
    /// Where the data ends.
    data: usize,
    /// Where the name ends.
    name: usize,
}

impl MessageEvent {
    /// The name, which is `message` where the peer gave none.
    pub fn name(&self) -> &str {
        match &self.text[self.data..self.name] {
            "" => MESSAGE,
            name => name,
        }
    }

    /// The data, its lines joined by LF.
    pub fn data(&self) -> &str {
        &self.text[..self.data]
    }

    /// The id of this event, or else the last one before it; empty if there was none.
    pub fn last_event_id(&self) -> &str {
        &self.text[self.name..]
    }

    /// The data as JSON, as [`EventRef::json`].
    ///
    /// # Errors
    ///
    /// The data is not JSON, or not a `T`.
    #[cfg(feature = "json")]
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        self.as_ref().json()
    }

    /// The event as it is lent.
    pub fn as_ref(&self) -> EventRef<'_> {
        EventRef { name: self.name(), data: self.data(), last_event_id: self.last_event_id() }
    }
}

impl fmt::Debug for MessageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEvent")
            .field("name", &self.name())
            .field("data", &self.data())
            .field("last_event_id", &self.last_event_id())
            .finish()
    }
}

/// The name of an event to which the peer gave none.
pub(super) const MESSAGE: &str = "message";
