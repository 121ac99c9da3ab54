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

    /// Its place in the channel.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Its bytes, as they are sent.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }
}
