use std::io;

use crate::DecodeError;

/// Why a reader gives no more items.
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
