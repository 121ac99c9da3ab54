use std::{
    future::pending,
    io::{self, IoSlice, Read},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socket2::SockRef;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready},
    net::TcpStream,
};

/// The same without the runtime.
#[cfg(target_os = "linux")]
pub(super) enum StdSocket {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

/// A connection of the system's that can be watched while somebody else reads and writes it.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    stream: Arc<Stream>,
    /// Room for the next read. It is zeroed before each, so it follows what the peer sends.
    room: usize,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// The same for either kind of stream.
macro_rules! on_stream {
    ($socket:expr, $stream:ident => $result:expr) => {
        match &*$socket.stream {
            Stream::Tcp($stream) => $result,
            #[cfg(unix)]
            Stream::Unix($stream) => $result,
        }
    };
}

impl Socket {
    fn new(stream: Stream) -> Self {
        Self { stream: Arc::new(stream), room: MIN_READ }
    }

    /// The socket without the runtime, if nobody watches it any more.
    #[cfg(target_os = "linux")]
    pub(super) fn into_std(self) -> Option<io::Result<StdSocket>> {
        Some(match Arc::into_inner(self.stream)? {
            Stream::Tcp(tcp) => tcp.into_std().map(StdSocket::Tcp),
            Stream::Unix(unix) => unix.into_std().map(StdSocket::Unix),
        })
    }

    /// Waits for the end of the client's side, whether or not what it sent before was read.
    pub(super) async fn departure(self) {
        #[cfg(target_os = "linux")]
        while let Ok(ready) = self.ready(END).await {
            if ready.is_read_closed() {
                return;
            }
            let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
            let _urgent_data_is_ignored = self.try_io(END, blocked);
        }
        pending().await
    }

    /// The first byte of what was not read yet, which stays unread; `None` at the end, or where the system
    /// cannot tell.
    #[cfg(feature = "server-tls")]
    pub(super) async fn first_byte(&self) -> Option<io::Result<Option<u8>>> {
        let Stream::Tcp(stream) = &*self.stream else {
            return None;
        };
        let mut byte = [0];
        let peeked = stream.peek(&mut byte).await;
        Some(peeked.map(|count| (count > 0).then_some(byte[0])))
    }

    /// Whether [`Self::departure`] has anything to look at.
    pub(super) fn has_news(&self) -> bool {
        cfg!(target_os = "linux") && self.try_io(END, || Ok(())).is_ok()
    }

    async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        on_stream!(self, stream => stream.ready(interest).await)
    }

    fn try_io<R>(&self, interest: Interest, io: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        on_stream!(self, stream => stream.try_io(interest, io))
    }

    fn options(&self) -> SockRef<'_> {
        on_stream!(self, stream => SockRef::from(stream))
    }

    /// Whether a read that leaves room has emptied the socket: those of Unix end where the sender's
    /// credentials change.
    fn is_emptied_by_short_reads(&self) -> bool {
        matches!(&*self.stream, Stream::Tcp(_))
    }
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self::new(Stream::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::new(Stream::Unix(stream))
    }
}

#[cfg(target_os = "linux")]
impl TryFrom<StdSocket> for Socket {
    type Error = io::Error;

    fn try_from(socket: StdSocket) -> io::Result<Self> {
        Ok(Self::new(match socket {
            StdSocket::Tcp(tcp) => Stream::Tcp(TcpStream::from_std(tcp)?),
            StdSocket::Unix(unix) => Stream::Unix(UnixStream::from_std(unix)?),
        }))
    }
}

/// Of all interests, only this one tells the end of the client apart from bytes that nobody reads.
#[cfg(target_os = "linux")]
const END: Interest = Interest::PRIORITY;
#[cfg(not(target_os = "linux"))]
const END: Interest = Interest::READABLE;

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(on_stream!(self, stream => stream.poll_read_ready(cx)))?;
            let room = buf.remaining().min(self.room);
            let mut read = None;
            let drained = self.try_io(Interest::READABLE, || {
                let count = (&*self.options()).read(buf.initialize_unfilled_to(room))?;
                read = Some(count);
                // Said here, it spares the read that would only be told so.
                if 0 < count && count < room && self.is_emptied_by_short_reads() {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    Ok(())
                }
            });
            match (read, drained) {
                (Some(count), _) => {
                    buf.advance(count);
                    self.room = (2 * count).clamp(MIN_READ, MAX_READ);
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                (None, _) => (),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |socket| on_stream!(socket, stream => stream.try_write(buf)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(
            cx,
            |socket| on_stream!(socket, stream => stream.try_write_vectored(bufs)),
        )
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.options().shutdown(std::net::Shutdown::Write))
    }
}

impl Socket {
    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&Self) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(on_stream!(self, stream => stream.poll_write_ready(cx)))?;
            match write(self) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                written => return Poll::Ready(written),
            }
        }
    }
}

const MIN_READ: usize = 1 << 10;
const MAX_READ: usize = 64 << 10;
