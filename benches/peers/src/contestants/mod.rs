mod limits;
mod ours;
mod peers;

use bytes::Bytes;

use crate::inputs::Seen;

/// Something that goes over all chunks.
pub struct Contestant {
    pub name: &'static str,
    pub kind: Kind,
    /// Gets the chunks and what is to be seen in them.
    pub run: fn(Vec<Bytes>, Seen) -> Option<Seen>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Not a decoder: how fast the bytes can be looked at.
    Limit,
    Ours,
    Peer,
}

pub const LINES: &str = "memchr_iter";
pub const BORROWED: &str = "borrowed";
pub const OWNED: &str = "owned";

pub fn all() -> Vec<Contestant> {
    let limit = |name, run| Contestant { name, kind: Kind::Limit, run };
    let ours = |name, run| Contestant { name, kind: Kind::Ours, run };
    let peer = |name, run| Contestant { name, kind: Kind::Peer, run };
    vec![
        limit(LINES, limits::memchr_iter),
        limit("memchr2_iter", limits::memchr2_iter),
        limit("from_utf8", limits::from_utf8),
        limit("memcpy", limits::memcpy),
        ours(BORROWED, ours::borrowed),
        ours(OWNED, ours::owned),
        peer("sse-core 0.2.3", peers::sse_core),
        peer("sse-stream 0.3.0", peers::sse_stream),
        peer("sseer 0.3.1", peers::sseer),
        peer("eventsource-client 0.18.0", peers::eventsource_client),
        peer("eventsource-stream 0.2.3", peers::eventsource_stream),
    ]
}
