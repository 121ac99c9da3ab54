use std::fmt;

use bytes::Bytes;
use sse_core::hub::Subscriber;
use sse_tokio::Shell;

use super::sockets::Socket;
use crate::server::{
    filter::Guard,
    listener::Peer,
    released::Released,
    socket::{Socket as RuntimeSocket, StdSocket},
};

/// An event stream that an engine is to send.
pub(super) struct Handed {
    pub(super) subscriber: Subscriber,
    /// The head of the response.
    pub(super) head: Bytes,
    pub(super) connection: Connection,
}

/// What an engine keeps of the connection of a stream. The box is not touched while the stream goes on.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) rest: Box<Rest>,
}

/// What a connection has beside its socket.
pub(super) struct Rest {
    pub(super) peer: Peer,
    pub(super) guard: Guard,
    /// What the client has sent beyond its request, as far as it was read. Hardly any client does.
    pub(super) ahead: Option<Box<Bytes>>,
    /// What is left of the body that the stream was taken from. Middleware may have put something into it that is
    /// to be dropped when the stream is over.
    pub(super) shell: Shell,
}

impl Connection {
    /// Gives the connection back to the runtime.
    pub(super) fn release(self) -> Released {
        let Rest { peer, guard, ahead, shell } = *self.rest;
        drop(shell);
        let socket = RuntimeSocket::try_from(StdSocket::from(self.socket));
        let ahead = ahead.map(|ahead| *ahead).unwrap_or_default();
        Released { socket, peer, guard, ahead }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
}
