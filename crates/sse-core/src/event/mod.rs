//! An event before it is encoded, and what its name and its id may be.

mod error;
pub use error::FieldError;

mod id;
pub use id::EventId;

mod name;
pub use name::EventName;

#[cfg(feature = "serde")]
mod serde;

use std::time::Duration;

/// One event, before it is encoded.
///
/// Every part that could break the framing is a validated type, so encoding cannot fail and an
/// event cannot smuggle a second one. [`Event::default`] holds nothing and encodes to nothing.
///
/// ```
/// use std::time::Duration;
///
/// use sse_core::{
///     Event,
///     event::{EventId, EventName},
/// };
///
/// let event = Event::data("21.5\n22.0")
///     .with_name(EventName::from_static("reading"))
///     .with_id(EventId::new("7")?)
///     .with_retry(Duration::from_secs(2));
///
/// assert_eq!(event.as_data(), Some("21.5\n22.0"));
/// assert_eq!(
///     event.encode(),
///     "event: reading\nretry: 2000\ndata: 21.5\ndata: 22.0\nid: 7\n\n",
/// );
/// # Ok::<(), sse_core::event::FieldError>(())
/// ```
///
/// # Source
///
/// HTML Standard, [Interpreting an event stream][spec]: the four fields that mean something.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Event {
    id: Option<EventId>,
    name: Option<EventName>,
    retry: Option<Duration>,
    data: Option<String>,
}

impl Event {
    /// An event that carries `data`.
    ///
    /// CR, LF and CRLF each end a line, and all of them reach the receiver as LF. Empty data is
    /// data: the receiver sees an event with the empty text. An event without any data, which
    /// starts with [`Event::default`], is not dispatched; only its id and its retry count.
    pub fn data(data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// An event that carries `value` as JSON, on one line.
    ///
    /// [`encode_json_into`](Self::encode_json_into) writes it without the text in between.
    ///
    /// ```
    /// use sse_core::Event;
    ///
    /// let event = Event::json(&("21.5 °C", [1, 2]))?.with_id(7.into());
    ///
    /// assert_eq!(event.encode(), "data: [\"21.5 °C\",[1,2]]\nid: 7\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `value` could not be serialised: a map with keys that are not strings, or its own `Serialize`
    /// failed.
    #[cfg(feature = "json")]
    pub fn json(value: &(impl ::serde::Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self::data)
    }

    /// The same event with `id`, which the receiver sends back when it reconnects.
    ///
    /// Without it the receiver keeps the id that it has.
    #[must_use]
    pub fn with_id(mut self, id: EventId) -> Self {
        self.id = Some(id);
        self
    }

    /// The same event under `name`.
    ///
    /// No name, the empty name and `message` mean the same to the receiver.
    #[must_use]
    pub fn with_name(mut self, name: EventName) -> Self {
        self.name = Some(name);
        self
    }

    /// The same event with a new reconnection time for the receiver, in whole milliseconds.
    ///
    /// A fraction of a millisecond is cut off. Zero makes receivers that set no minimum of their
    /// own reconnect without a pause.
    #[must_use]
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// What the receiver will see as `MessageEvent.data`, or `None` where it dispatches nothing.
    pub fn as_data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// The id, or `None` where the receiver keeps the one that it has.
    pub fn id(&self) -> Option<&EventId> {
        self.id.as_ref()
    }

    /// The name, or `None` where the receiver dispatches `message`.
    pub fn name(&self) -> Option<&EventName> {
        self.name.as_ref()
    }

    /// The reconnection time that the receiver shall use, or `None` where it keeps its own.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }
}
