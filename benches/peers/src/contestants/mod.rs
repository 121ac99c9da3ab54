mod limits;
mod ours;
mod peers;

use bytes::Bytes;

use crate::inputs::Seen;

/// Something that goes over all chunks.
#[derive(Clone, Copy)]
pub struct Contestant {
    pub name: &'static str,
    pub kind: Kind,
    /// Gets the chunks and what is to be seen in them.
    pub run: Run,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Kind {
    /// Not a decoder: how fast the bytes can be looked at.
    Limit,
    Ours,
    Peer,
}

pub const LINES: &str = "memchr_iter";
pub const BORROWED: &str = "borrowed";
pub const OWNED: &str = "owned";
pub const FRESH: &str = "borrowed, fresh";
pub const PEER_SSE_CORE: &str = "sse-core 0.2.3";
pub const SSE_STREAM: &str = "sse-stream 0.3.0";
const QUADRATIC: &str = "eventsource-stream 0.2.3";

pub fn all() -> Vec<Contestant> {
    let mut all = vec![
        limit(LINES, limits::memchr_iter),
        limit("memchr2_iter", limits::memchr2_iter),
        limit("from_utf8", limits::from_utf8),
        limit("memcpy", limits::memcpy),
        ours(BORROWED, ours::borrowed),
        ours(OWNED, ours::owned),
    ];
    all.extend(decoders_of_others());
    all
}

/// Those that can read a line of so many MiB in packets.
pub fn for_long_line(mebibytes: usize) -> Vec<Contestant> {
    let mut all = vec![
        limit(LINES, limits::memchr_iter),
        ours(BORROWED, ours::unlimited),
        ours(FRESH, ours::unlimited_fresh),
    ];
    all.extend(decoders_of_others());
    // It searches all that it has for each packet: that grows with the square of the line.
    all.retain(|contestant| mebibytes == 1 || contestant.name != QUADRATIC);
    all
}

fn decoders_of_others() -> [Contestant; 5] {
    [
        peer(PEER_SSE_CORE, peers::sse_core),
        peer(SSE_STREAM, peers::sse_stream),
        peer("sseer 0.3.1", peers::sseer),
        peer("eventsource-client 0.18.0", peers::eventsource_client),
        peer(QUADRATIC, peers::eventsource_stream),
    ]
}

type Run = fn(Vec<Bytes>, Seen) -> Option<Seen>;

fn limit(name: &'static str, run: Run) -> Contestant {
    Contestant { name, kind: Kind::Limit, run }
}

fn ours(name: &'static str, run: Run) -> Contestant {
    Contestant { name, kind: Kind::Ours, run }
}

fn peer(name: &'static str, run: Run) -> Contestant {
    Contestant { name, kind: Kind::Peer, run }
}
