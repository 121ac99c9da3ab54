use bytes::{Bytes, BytesMut};

use super::Framing;

/// What is left of a frame of which a socket took only a part.
///
/// The frame is the one of the log, or of the hub: nothing is copied for a client that does not read.
#[derive(Clone, Debug)]
pub(crate) struct Unsent {
    pub(crate) frame: Bytes,
    pub(crate) framing: Framing,
    /// How many bytes of the framed frame were taken.
    pub(crate) offset: usize,
}

impl Unsent {
    /// How many bytes are left.
    pub(crate) fn len(&self) -> usize {
        self.framing.len(self.frame.len()) - self.offset
    }

    /// The bytes that are left.
    pub(crate) fn bytes(&self) -> Bytes {
        if self.framing == Framing::Plain {
            return self.frame.slice(self.offset..);
        }
        let mut bytes = BytesMut::with_capacity(self.len());
        self.framing.put(&mut bytes, &self.frame, self.offset..self.offset + self.len());
        bytes.freeze()
    }
}
