use std::io;

use bytes::{Buf, BytesMut};
use tokio_util::codec;

use crate::{
    Decoder, Event,
    reader::{Decode, ReadError},
};

/// Events in both directions over anything that `tokio_util::codec` frames.
///
/// ```
/// use futures_util::{SinkExt, StreamExt};
/// use sse_core::{Event, reader::Codec};
/// use tokio_util::codec::Framed;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (ours, theirs) = tokio::io::duplex(64);
/// let mut publisher = Framed::new(ours, Codec::new());
/// let mut listener = Framed::new(theirs, Codec::new());
///
/// publisher.send(Event::data("a token")).await?;
/// let event = listener.next().await.expect("there is one")?;
/// assert_eq!(event.data(), "a token");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Codec<D = Decoder> {
    decoder: D,
    has_failed: bool,
}

impl Codec {
    /// A codec with the default limits.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<D: Decode> Codec<D> {
    /// A codec that gives what `decoder` finds.
    pub fn with_decoder(decoder: D) -> Self {
        Self { decoder, has_failed: false }
    }

    /// The decoder, which knows the last event id.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The decoder for the next connection, which needs a `reset` first.
    pub fn into_decoder(self) -> D {
        self.decoder
    }
}

/// The bytes behind an error are thrown away.
impl<D: Decode> codec::Decoder for Codec<D> {
    type Item = D::Item;
    type Error = ReadError<io::Error>;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<D::Item>, Self::Error> {
        if self.has_failed {
            bytes.clear();
            return Ok(None);
        }
        let mut rest = &bytes[..];
        let item = self.decoder.decode_owned(&mut rest);
        let taken = bytes.len() - rest.len();
        bytes.advance(taken);
        self.has_failed = item.is_err();
        item.map_err(ReadError::Decode)
    }
}

impl<D: Decode> codec::Encoder<&Event> for Codec<D> {
    type Error = io::Error;

    fn encode(&mut self, event: &Event, bytes: &mut BytesMut) -> io::Result<()> {
        event.encode_into(bytes);
        Ok(())
    }
}

impl<D: Decode> codec::Encoder<Event> for Codec<D> {
    type Error = io::Error;

    fn encode(&mut self, event: Event, bytes: &mut BytesMut) -> io::Result<()> {
        event.encode_into(bytes);
        Ok(())
    }
}
