use std::{
    fmt::{self, Write},
    iter,
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr2;

use crate::{Event, event::EventName, wire::data_writer::DataWriter};

/// The frame that keeps an idle connection open: a comment without text.
///
/// ```
/// use sse_core::wire::{KEEPALIVE, encode_comment};
///
/// assert_eq!(KEEPALIVE, ":\n\n");
/// assert_eq!(KEEPALIVE, encode_comment(""));
/// ```
///
/// # Source
///
/// HTML Standard, [Authoring notes][spec]: a comment every 15 seconds or so keeps legacy proxies
/// from dropping the connection.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
pub const KEEPALIVE: Bytes = Bytes::from_static(b":\n\n");

/// Writes `text` as a comment frame, one comment line for each of its lines.
///
/// The text follows the colon without a space, so a reader of raw comments gets it unchanged.
///
/// ```
/// use sse_core::wire::encode_comment;
///
/// assert_eq!(encode_comment("a\r\ndata: b"), ":a\n:data: b\n\n");
/// ```
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][spec]: a comment starts with a colon and ends with
/// its line.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
pub fn encode_comment(text: &str) -> Bytes {
    let length: usize = lines(text).map(|line| line.len() + 2).sum();
    let mut frame = Vec::with_capacity(length + 1);
    for line in lines(text) {
        put_line(&mut frame, ":", line);
    }
    frame.put_u8(b'\n');
    frame.into()
}

impl Event {
    /// Writes the event as one frame, ready to be shared by every receiver.
    ///
    /// A frame must reach the connection in one piece: what another writer puts into its middle
    /// would become part of it.
    ///
    /// ```
    /// use sse_core::Event;
    ///
    /// assert_eq!(Event::data("a\rb\n").encode(), "data: a\ndata: b\ndata: \n\n");
    /// assert_eq!(Event::default().encode(), "");
    /// ```
    ///
    /// # Source
    ///
    /// HTML Standard, [Parsing an event stream][spec]: one space after a colon is not part of the
    /// value, so one is always written, and the value's own spaces stay.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    pub fn encode(&self) -> Bytes {
        let mut frame = Vec::with_capacity(self.encoded_len());
        self.encode_into(&mut frame);
        frame.into()
    }

    /// Appends the frame of [`encode`](Self::encode) to `buffer`.
    ///
    /// # Panics
    ///
    /// If `buffer` cannot grow and has no room for the frame; `Vec` and `BytesMut` can.
    #[inline]
    pub fn encode_into(&self, buffer: &mut impl BufMut) {
        Self::put_head(self.name(), self.retry(), buffer);
        if let Some(data) = self.as_data() {
            Self::put_data(data, buffer);
        } else if *self == Self::default() {
            return;
        }
        self.put_tail(buffer);
    }

    /// Appends the event with `data` in the place of its own, formatted straight into `buffer`.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use sse_core::{Event, event::EventName};
    ///
    /// let reading = Event::default().with_name(EventName::from_static("reading"));
    /// let mut buffer = BytesMut::new();
    /// reading.encode_fmt_into(format_args!("{}\n{:.1}", "hall", 21.52), &mut buffer)?;
    ///
    /// assert_eq!(buffer, "event: reading\ndata: hall\ndata: 21.5\n\n");
    /// # Ok::<(), std::fmt::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A value could not be formatted. `buffer` is as it was.
    pub fn encode_fmt_into(
        &self,
        data: fmt::Arguments<'_>,
        buffer: &mut BytesMut,
    ) -> Result<(), fmt::Error> {
        self.encode_written(buffer, |lines| lines.write_fmt(data))
    }

    /// Appends the event with `data` as JSON in the place of its own, serialised straight into
    /// `buffer`.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use sse_core::{Event, event::EventId};
    ///
    /// let mut buffer = BytesMut::new();
    /// Event::default().with_id(EventId::from_static("7")).encode_json_into(&[21, 22], &mut buffer)?;
    ///
    /// assert_eq!(buffer, "data: [21,22]\nid: 7\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `data` could not be serialised: a map with keys that are no strings, or its own
    /// `Serialize` failed. `buffer` is as it was.
    #[cfg(feature = "json")]
    pub fn encode_json_into(
        &self,
        data: &(impl serde::Serialize + ?Sized),
        buffer: &mut BytesMut,
    ) -> Result<(), serde_json::Error> {
        self.encode_written(buffer, |lines| serde_json::to_writer(lines, data))
    }

    /// Appends the event with the data that `write` writes, or nothing if that fails.
    fn encode_written<E>(
        &self,
        buffer: &mut BytesMut,
        write: impl FnOnce(&mut DataWriter<'_, BytesMut>) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = buffer.len();
        Self::put_head(self.name(), self.retry(), buffer);
        let mut lines = DataWriter::new(buffer);
        match write(&mut lines) {
            Ok(()) => {
                lines.finish();
                self.put_tail(buffer);
                Ok(())
            }
            Err(error) => {
                buffer.truncate(before);
                Err(error)
            }
        }
    }

    #[inline]
    pub(super) fn put_head(
        name: Option<&EventName>,
        retry: Option<Duration>,
        buffer: &mut impl BufMut,
    ) {
        if let Some(name) = name {
            put_line(buffer, EVENT, name.as_str());
        }
        if let Some(retry) = retry {
            put_line(buffer, RETRY, &retry.as_millis().to_string());
        }
    }

    #[inline]
    pub(super) fn put_data(data: &str, buffer: &mut impl BufMut) {
        let mut lines = DataWriter::new(buffer);
        lines.write(data.as_bytes());
        lines.finish();
    }

    /// The ID comes last: some clients take it when they read its line, and would resume behind an
    /// event that was cut after it.
    #[inline]
    fn put_tail(&self, buffer: &mut impl BufMut) {
        if let Some(id) = self.id() {
            put_line(buffer, ID, id.as_str());
        }
        buffer.put_u8(b'\n');
    }

    fn encoded_len(&self) -> usize {
        let id = self.id().map_or(0, |id| ID.len() + id.as_str().len() + 1);
        Self::len_of(self.name(), self.retry(), self.as_data()) + id
    }

    /// At least the length of a frame without an id, and mostly exactly that.
    pub(super) fn len_of(
        name: Option<&EventName>,
        retry: Option<Duration>,
        data: Option<&str>,
    ) -> usize {
        let name = name.map_or(0, |name| EVENT.len() + name.as_str().len() + 1);
        let retry = retry.map_or(0, |_| RETRY.len() + MILLIS_LEN + 1);
        let data = data.into_iter().flat_map(lines);
        let data: usize = data.map(|line| DATA.len() + line.len() + 1).sum();
        name + retry + data + 1
    }
}

fn put_line(buffer: &mut impl BufMut, field: &str, value: &str) {
    buffer.put_slice(field.as_bytes());
    buffer.put_slice(value.as_bytes());
    buffer.put_u8(b'\n');
}

/// Splits at CRLF, LF and CR. `str::lines` would keep a lone CR and drop a last empty line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr2(b'\r', b'\n', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]);
        Some(&text[..end])
    })
}

const RETRY: &str = "retry: ";
const ID: &str = "id: ";
const EVENT: &str = "event: ";
const DATA: &str = "data: ";

/// The digits of `Duration::MAX` in milliseconds.
const MILLIS_LEN: usize = 23;
