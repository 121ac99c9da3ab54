use std::{
    io::{self, Write},
    task::{Context, Poll, ready},
    time::Duration,
};

use mio::{Events, Interest, Token, event::Source, net};
use tokio::io::{Interest as Readiness, unix::AsyncFd};

use crate::server::socket::StdSocket;

/// Says which of very many sockets have news: each is told to the system once, and costs nothing while it has none.
#[derive(Debug)]
pub(super) struct Sockets {
    poll: AsyncFd<mio::Poll>,
    events: Events,
}

impl Sockets {
    pub(super) fn new() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "what replaces it is not safe, and `Poll` keeps its descriptor"
        )]
        let poll = AsyncFd::with_interest(mio::Poll::new()?, Readiness::READABLE)?;
        Ok(Self { poll, events: Events::with_capacity(EVENTS) })
    }

    /// The news there are. They come once.
    pub(super) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&Events>> {
        loop {
            let mut ready = ready!(self.poll.poll_read_ready_mut(cx))?;
            match ready.get_inner_mut().poll(&mut self.events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let count = self.events.iter().count();
            if count < EVENTS {
                ready.clear_ready();
            }
            if 0 < count {
                return Poll::Ready(Ok(&self.events));
            }
        }
    }

    /// Watches `socket`, whose news come with `key`.
    pub(super) fn watch(&self, socket: &mut Socket, key: usize) -> io::Result<()> {
        let registry = self.poll.get_ref().registry();
        // That it can be read tells the end of its client, too.
        registry.register(socket.source(), Token(key), Interest::READABLE | Interest::WRITABLE)
    }

    /// Watches `socket` no longer.
    pub(super) fn forget(&self, socket: &mut Socket) -> io::Result<()> {
        self.poll.get_ref().registry().deregister(socket.source())
    }
}

/// A socket that is written by an engine, without the runtime.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(net::TcpStream),
    Unix(net::UnixStream),
}

impl Socket {
    /// Writes as much of `bytes` as there is room for now.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match self {
                Self::Tcp(tcp) => tcp.write(bytes),
                Self::Unix(unix) => unix.write(bytes),
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
                written => return written,
            }
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(tcp) => tcp,
            Self::Unix(unix) => unix,
        }
    }
}

impl From<StdSocket> for Socket {
    fn from(socket: StdSocket) -> Self {
        match socket {
            StdSocket::Tcp(tcp) => Self::Tcp(net::TcpStream::from_std(tcp)),
            StdSocket::Unix(unix) => Self::Unix(net::UnixStream::from_std(unix)),
        }
    }
}

impl From<Socket> for StdSocket {
    fn from(socket: Socket) -> Self {
        match socket {
            Socket::Tcp(tcp) => Self::Tcp(tcp.into()),
            Socket::Unix(unix) => Self::Unix(unix.into()),
        }
    }
}

const EVENTS: usize = 256;
