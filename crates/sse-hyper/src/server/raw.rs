use std::{
    any::Any,
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::socket::Socket;

/// An accepted connection, before anything is known of what is spoken on it.
#[derive(Debug)]
pub(super) struct Raw {
    kind: Kind,
    /// What was read to be looked at.
    unread: Option<u8>,
}

enum Kind {
    Socket(Socket),
    /// Of a listener of somebody's own.
    Other(Box<dyn Io>),
}

/// Anything that is read and written.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Raw {
    /// Whatever listener it comes from, a socket of the system's is watched as one.
    pub(super) fn new<T>(io: T) -> Self
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut io = Some(io);
        let any: &mut dyn Any = &mut io;
        if let Some(tcp) = any.downcast_mut::<Option<TcpStream>>().and_then(Option::take) {
            return Self::from(Socket::from(tcp));
        }
        #[cfg(unix)]
        if let Some(unix) = any.downcast_mut::<Option<UnixStream>>().and_then(Option::take) {
            return Self::from(Socket::from(unix));
        }
        let io = io.expect("it was taken by nobody");
        Self { kind: Kind::Other(Box::new(io)), unread: None }
    }

    /// The socket, if it is one, to be watched.
    pub(super) fn socket(&self) -> Option<Socket> {
        match &self.kind {
            Kind::Socket(socket) => Some(socket.clone()),
            Kind::Other(_) => None,
        }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn into_socket(self) -> Option<Socket> {
        match self.kind {
            Kind::Socket(socket) => Some(socket),
            Kind::Other(_) => None,
        }
    }

    /// The first byte of what was not read yet, which is read again; `None` at the end.
    #[cfg(feature = "server-tls")]
    pub(super) async fn first_byte(&mut self) -> io::Result<Option<u8>> {
        use tokio::io::AsyncReadExt;

        if let Kind::Socket(socket) = &self.kind
            && let Some(peeked) = socket.first_byte().await
        {
            return peeked;
        }
        let mut byte = [0];
        let count = self.read(&mut byte).await?;
        self.unread = (count > 0).then_some(byte[0]);
        Ok(self.unread)
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut dyn Io> {
        match &mut self.get_mut().kind {
            Kind::Socket(socket) => Pin::new(socket),
            Kind::Other(io) => Pin::new(io),
        }
    }
}

impl From<Socket> for Raw {
    fn from(socket: Socket) -> Self {
        Self { kind: Kind::Socket(socket), unread: None }
    }
}

impl AsyncRead for Raw {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if 0 < buf.remaining()
            && let Some(byte) = self.unread.take()
        {
            buf.put_slice(&[byte]);
            return Poll::Ready(Ok(()));
        }
        self.io().poll_read(cx, buf)
    }
}

impl AsyncWrite for Raw {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Socket(socket) => socket.is_write_vectored(),
            Kind::Other(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(socket) => socket.fmt(f),
            Self::Other(_) => f.write_str("Other"),
        }
    }
}
