use std::{
    hash::{Hash, Hasher},
    num::NonZeroU32,
};

use bytes::Bytes;

use super::draft::put_id;
use crate::{Event, event::EventId, wire::encode_comment};

/// Encoded events, to be sent to many without being encoded again. A clone shares the bytes.
///
/// ```
/// use sse_core::{Event, wire::Frame};
///
/// let frame = Frame::from(Event::data("42"));
/// assert_eq!(frame.as_bytes(), "data: 42\n\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Frame {
    bytes: Bytes,
    /// Where the id line stands or would stand, if that is known.
    id_at: Option<NonZeroU32>,
}

impl Frame {
    /// Takes bytes that are encoded already, such as those of a stream that is passed on.
    ///
    /// Only the end is looked at: a frame that does not end with a blank line would run into what is
    /// written after it.
    ///
    /// ```
    /// use sse_core::wire::{Frame, FrameError};
    ///
    /// assert!(Frame::from_encoded("data: 42\r\n\r\n").is_ok());
    /// assert_eq!(Frame::from_encoded("data: 42\n"), Err(FrameError::NoBlankLine));
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::NoBlankLine`] if the bytes are not empty and do not end with a blank line.
    ///
    /// # Source
    ///
    /// HTML Standard, [Parsing an event stream][spec]: an event ends with a blank line.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    pub fn from_encoded(bytes: impl Into<Bytes>) -> Result<Self, FrameError> {
        let bytes = bytes.into();
        if bytes.is_empty() || ends_with_blank_line(&bytes) {
            Ok(Self { bytes, id_at: None })
        } else {
            Err(FrameError::NoBlankLine)
        }
    }

    /// A comment, one line for each of the lines of `text`. See [`encode_comment`].
    pub fn comment(text: &str) -> Self {
        Self { bytes: encode_comment(text), id_at: None }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The same event under `id` in the place of its own; `None` where the parts are not known, since
    /// the bytes are no single event or were encoded elsewhere.
    ///
    /// ```
    /// use sse_core::{Event, wire::Frame};
    ///
    /// let frame = Frame::from(Event::data("42").with_id(1.into()));
    /// let same = frame.with_id(&"a.1".try_into()?).expect("it was encoded here");
    /// assert_eq!(same.as_bytes(), "data: 42\nid: a.1\n\n");
    /// # Ok::<(), sse_core::event::FieldError>(())
    /// ```
    #[must_use]
    pub fn with_id(&self, id: &EventId) -> Option<Self> {
        let id_at = self.id_at?.get() as usize;
        let mut bytes = Vec::with_capacity(self.bytes.len() + "id: \n".len() + id.as_str().len());
        bytes.extend_from_slice(&self.bytes[..id_at]);
        put_id(&mut bytes, id);
        bytes.push(b'\n');
        Some(Self::encoded(bytes.into(), id_at))
    }

    /// What was encoded here, with the place of its id line.
    pub(crate) fn encoded(bytes: Bytes, id_at: usize) -> Self {
        let id_at = u32::try_from(id_at).ok().and_then(NonZeroU32::new);
        Self { bytes, id_at }
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Frame {}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl From<&Event> for Frame {
    fn from(event: &Event) -> Self {
        let bytes = event.encode();
        if bytes.is_empty() {
            return Self { bytes, id_at: None };
        }
        let id_line = event.id().map_or(0, |id| "id: \n".len() + id.as_str().len());
        let id_at = bytes.len() - 1 - id_line;
        Self::encoded(bytes, id_at)
    }
}

impl From<Event> for Frame {
    fn from(event: Event) -> Self {
        Self::from(&event)
    }
}

/// Why bytes are no [`Frame`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The last line is not blank.
    #[error("the bytes do not end with a blank line")]
    NoBlankLine,
}

/// Two line ends at the end, each of them CRLF, LF or CR.
fn ends_with_blank_line(bytes: &[u8]) -> bool {
    without_line_end(bytes).is_some_and(|line| line.is_empty() || without_line_end(line).is_some())
}

fn without_line_end(bytes: &[u8]) -> Option<&[u8]> {
    let end: &[u8] = if bytes.ends_with(b"\r\n") {
        b"\r\n"
    } else {
        bytes.get(bytes.len().checked_sub(1)?..)?
    };
    matches!(end, b"\r\n" | b"\n" | b"\r").then(|| &bytes[..bytes.len() - end.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_with_a_blank_line_of_any_kind() {
        for (bytes, is_frame) in [
            ("", true),
            ("\n", true),
            ("data: 1\n\n", true),
            ("data: 1\r\r", true),
            ("data: 1\r\n\r\n", true),
            ("data: 1\n\r\n", true),
            ("data: 1\r\n\n", true),
            ("data: 1\r\n", false),
            ("data: 1\n", false),
            ("data: 1", false),
        ] {
            assert_eq!(Frame::from_encoded(bytes).is_ok(), is_frame, "{bytes:?}");
        }
    }
}
