//! Events out of whatever gives bytes: each reader feeds a decoder.
//!
//! | bytes come from | reader | feature |
//! |---|---|---|
//! | [`std::io::BufRead`] | [`Reader`], an iterator | |
//! | a stream of `Result<impl AsRef<[u8]>, E>` | `EventStream` | `stream` |
//! | an `http_body::Body` | `BodyStream` | `http-body` |
//! | a `tokio::io::AsyncBufRead` | `AsyncReadStream` | `tokio` |
//! | `tokio_util::codec` | `Codec` | `codec` |
//!
//! What comes out is up to the [`Decode`]r: a [`Decoder`](crate::Decoder) gives
//! [`MessageEvent`](crate::wire::MessageEvent)s, [`AllItems`] comments and reconnection times too, and a
//! [`BlockDecoder`](crate::wire::BlockDecoder) the [`Block`](crate::wire::Block)s as they were written.
//!
//! After its end, and after an error, a reader gives `None` for ever.

mod decode;
pub use decode::{AllItems, Decode};

mod error;
pub use error::ReadError;

mod owned_item;
pub use owned_item::OwnedItem;

mod read;
pub use read::Reader;

#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "stream")]
pub use stream::EventStream;

#[cfg(feature = "http-body")]
mod body;
#[cfg(feature = "http-body")]
pub use body::BodyStream;

#[cfg(feature = "tokio")]
mod async_read;
#[cfg(feature = "tokio")]
pub use async_read::AsyncReadStream;

#[cfg(feature = "codec")]
mod codec;
#[cfg(feature = "codec")]
pub use codec::Codec;
