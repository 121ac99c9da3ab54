use bytes::Bytes;

use crate::{history::Position, wire::Frame};

/// An event that a store keeps.
///
/// ```
/// use sse_core::{Event, event::EventId, history::Position, store::Entry};
///
/// let position = Position::parse(b"1042.k3f9x2q1").expect("well-formed");
/// let frame = Event::data("21.5").with_id(EventId::from(position)).into();
/// let entry = Entry::new(position, frame);
/// assert_eq!(entry.position().seq(), 1042);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    pub(crate) position: Position,
    pub(crate) frame: Frame,
}

impl Entry {
    /// The event `frame`, whose id is `position`.
    pub fn new(position: Position, frame: Frame) -> Self {
        Self { position, frame }
    }

    /// The event that `frame` is, whose id is its position and stands in its last line, as a [`Draft`] becomes one.
    ///
    /// ```
    /// use sse_core::store::Entry;
    ///
    /// let entry = Entry::read("data: 21.5\nid: 1042.k3f9x2q1\n\n").expect("it ends with a position");
    /// assert_eq!(entry.position().seq(), 1042);
    /// assert_eq!(Entry::read("data: 21.5\n\n"), None);
    /// ```
    ///
    /// [`Draft`]: super::Draft
    pub fn read(frame: impl Into<Bytes>) -> Option<Self> {
        let bytes = frame.into();
        let (_, line) = split_last_line(bytes.strip_suffix(b"\n\n")?);
        let position = Position::parse(line.strip_prefix(b"id: ")?)?;
        let id_at = bytes.len() - line.len() - "\n\n".len();
        Some(Self { position, frame: Frame::encoded(bytes, id_at) })
    }

    /// Its place in the channel.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Its bytes, as they are sent.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }
}

fn split_last_line(text: &[u8]) -> (&[u8], &[u8]) {
    let at = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    text.split_at(at)
}
