use std::{
    future::pending,
    io::{self, IoSlice, Read},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

/// A TCP connection that can be watched while somebody else reads and writes it.
#[derive(Clone, Debug)]
pub(super) struct Tcp {
    stream: Arc<TcpStream>,
    /// Room for the next read. It is zeroed before each, so it follows what the peer sends.
    room: usize,
}

impl Tcp {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: Arc::new(stream), room: MIN_READ }
    }

    /// Waits for the end of the client's side, whether or not what it sent before was read.
    pub(super) async fn departure(self) {
        #[cfg(target_os = "linux")]
        while let Ok(ready) = self.stream.ready(END).await {
            if ready.is_read_closed() {
                return;
            }
            let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
            let _urgent_data_is_ignored = self.stream.try_io(END, blocked);
        }
        pending().await
    }

    /// The first byte of what was not read yet, which stays unread; `None` at the end.
    #[cfg(feature = "server-tls")]
    pub(super) async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let count = self.stream.peek(&mut byte).await?;
        Ok((count > 0).then_some(byte[0]))
    }

    /// Whether [`Self::departure`] has anything to look at.
    pub(super) fn has_news(&self) -> bool {
        cfg!(target_os = "linux") && self.stream.try_io(END, || Ok(())).is_ok()
    }
}

/// Of all interests, only this one tells the end of the client apart from bytes that nobody reads.
#[cfg(target_os = "linux")]
const END: Interest = Interest::PRIORITY;
#[cfg(not(target_os = "linux"))]
const END: Interest = Interest::READABLE;

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let room = buf.remaining().min(self.room);
            let mut read = None;
            let drained = self.stream.try_io(Interest::READABLE, || {
                let count =
                    (&*SockRef::from(&*self.stream)).read(buf.initialize_unfilled_to(room))?;
                read = Some(count);
                // A read that leaves room has emptied the socket. Said here, it spares the read
                // that would only be told so.
                if 0 < count && count < room {
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

impl AsyncWrite for Tcp {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |tcp| tcp.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |tcp| tcp.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.stream).shutdown(std::net::Shutdown::Write))
    }
}

impl Tcp {
    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                written => return Poll::Ready(written),
            }
        }
    }
}

const MIN_READ: usize = 1 << 10;
const MAX_READ: usize = 64 << 10;
