//! The wire format: events as bytes, and bytes as events.

mod block;

mod data_writer;

mod decode;
pub use decode::Decoder;

mod draft;
pub(crate) use draft::Draft;

mod encode;
pub use encode::{KEEPALIVE, encode_comment};

mod frame;
pub use frame::{Frame, FrameError};

mod item;
pub use item::{EventRef, Item, MessageEvent};

mod leftover;
pub use leftover::{Discarded, Leftover};

mod limits;
pub use limits::{DecodeError, Limits, Overflow};

mod line;

mod line_ends;

mod raw;
pub use raw::{Block, BlockDecoder, BlockRef};

mod scan;

#[cfg(feature = "serde")]
mod serde;

mod text;

mod utf8;
