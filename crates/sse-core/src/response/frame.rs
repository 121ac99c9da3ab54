use bytes::Bytes;

use crate::{Event, encode_comment};

/// Encoded events, to be sent to many without being encoded again. A clone shares the bytes.
///
/// ```
/// use sse_core::{Event, Frame};
///
/// let frame = Frame::from(Event::data("42"));
/// assert_eq!(frame.as_bytes(), "data: 42\n\n");
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Frame(Bytes);

impl Frame {
    /// Takes bytes that are encoded already, such as those of a stream that is passed on.
    ///
    /// Only the end is looked at: a frame that does not end with a blank line would run into what is
    /// written after it.
    ///
    /// ```
    /// use sse_core::{Frame, FrameError};
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
            Ok(Self(bytes))
        } else {
            Err(FrameError::NoBlankLine)
        }
    }

    /// A comment, one line for each of the lines of `text`. See [`encode_comment`].
    pub fn comment(text: &str) -> Self {
        Self(encode_comment(text))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The bytes.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<&Event> for Frame {
    fn from(event: &Event) -> Self {
        Self(event.encode())
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
