use std::io;

use bytes::Bytes;

use super::{filter::Guard, listener::Peer, socket::Socket};

/// A connection whose event stream is over, and that can go on.
#[derive(Debug)]
pub(super) struct Released {
    /// It may be that the runtime does not take it back.
    pub(super) socket: io::Result<Socket>,
    pub(super) peer: Peer,
    pub(super) guard: Guard,
    /// What the client has sent meanwhile, as far as it was read.
    pub(super) ahead: Bytes,
}
