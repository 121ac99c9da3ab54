use std::{
    io::{self, BufRead},
    iter::FusedIterator,
};

use crate::{
    Decoder,
    reader::{Decode, ReadError},
};

/// An iterator over the events that a [`BufRead`] gives.
///
/// ```
/// use sse_core::reader::Reader;
///
/// let mut events = Reader::new(&b"id: 7\ndata: 1\n\ndata: 2\n\n"[..]);
///
/// assert_eq!(events.next().transpose()?.expect("the first").data(), "1");
/// assert_eq!(events.next().transpose()?.expect("the second").data(), "2");
/// assert!(events.next().is_none());
/// assert_eq!(events.decoder().last_event_id(), "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<R, D = Decoder> {
    source: R,
    decoder: D,
    has_ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the events of `source`.
    pub fn new(source: R) -> Self {
        Self::with_decoder(source, Decoder::new())
    }
}

impl<R: BufRead, D: Decode> Reader<R, D> {
    /// Reads from `source` what `decoder` finds in it.
    pub fn with_decoder(source: R, decoder: D) -> Self {
        Self { source, decoder, has_ended: false }
    }

    /// The decoder, which knows the last event id.
    pub fn decoder(&self) -> &D {
        &self.decoder
    }

    /// The source, and the decoder for the next one, which needs a `reset` first.
    pub fn into_parts(self) -> (R, D) {
        (self.source, self.decoder)
    }

    fn read(&mut self) -> Result<Option<D::Item>, ReadError<io::Error>> {
        loop {
            let chunk = match self.source.fill_buf() {
                Ok([]) => return Ok(None),
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ReadError::Source(error)),
            };
            let mut rest = chunk;
            let item = self.decoder.decode_owned(&mut rest);
            let taken = chunk.len() - rest.len();
            self.source.consume(taken);
            if let Some(item) = item.map_err(ReadError::Decode)? {
                return Ok(Some(item));
            }
        }
    }
}

impl<R: BufRead, D: Decode> Iterator for Reader<R, D> {
    type Item = Result<D::Item, ReadError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let item = self.read().transpose();
        self.has_ended = !matches!(item, Some(Ok(_)));
        item
    }
}

impl<R: BufRead, D: Decode> FusedIterator for Reader<R, D> {}
