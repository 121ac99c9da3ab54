mod block;

mod decode;
pub use decode::Decoder;

mod encode;
pub use encode::{KEEPALIVE, encode_comment};

mod item;
pub use item::{EventRef, Item, MessageEvent};

mod limits;
pub use limits::{DecodeError, Limits};

mod line;
