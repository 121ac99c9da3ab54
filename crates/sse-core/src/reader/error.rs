use std::io;

use crate::wire::DecodeError;

/// Why a reader gives no more items.
///
/// ```
/// use sse_core::{
///     Decoder,
///     reader::{ReadError, Reader},
///     wire::{DecodeError, Limits},
/// };
///
/// let decoder = Decoder::with_limits(Limits::default().with_event(4));
/// let mut events = Reader::with_decoder(&b"data: 12345\n\n"[..], decoder);
///
/// match events.next() {
///     Some(Err(ReadError::Decode(error))) => {
///         assert_eq!(error, DecodeError::EventTooLong { limit: 4 });
///     }
///     other => panic!("{other:?}"),
/// }
/// assert!(events.next().is_none());
/// ```
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The stream passed one of the decoder's limits.
    #[error(transparent)]
    Decode(DecodeError),
    /// Where the bytes come from failed.
    #[error("cannot read the stream")]
    Source(#[source] E),
}

impl From<io::Error> for ReadError<io::Error> {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}
