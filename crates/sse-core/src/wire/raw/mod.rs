mod block;
pub use block::{Block, BlockRef};

mod decoder;
pub use decoder::BlockDecoder;
