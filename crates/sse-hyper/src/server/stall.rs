use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use sse_tokio::{LazyTimer, now};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that fails once the peer has taken nothing for too long of what is to be written.
///
/// A body cannot see to that: it is not polled while the socket is blocked.
#[derive(Debug)]
pub(super) struct Stall<T> {
    io: T,
    timeout: Option<Duration>,
    /// When the peer has to have taken something, while it takes nothing.
    until: Option<Instant>,
    timer: LazyTimer,
}

impl<T> Stall<T> {
    pub(super) fn new(io: T, timeout: Option<Duration>) -> Self {
        Self { io, timeout, until: None, timer: LazyTimer::default() }
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.io
    }

    pub(super) fn into_inner(self) -> T {
        self.io
    }

    /// Passes on what became of a write, unless the peer is late.
    fn watch<R>(
        &mut self,
        written: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        let (Poll::Pending, Some(timeout)) = (&written, self.timeout) else {
            self.until = None;
            return written;
        };
        let until = *self.until.get_or_insert_with(|| now() + timeout);
        self.timer.poll_until(Some(until), cx).map(|()| {
            tracing::debug!(?timeout, "cut: the client reads nothing");
            Err(io::ErrorKind::TimedOut.into())
        })
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stall<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stall<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write(cx, buf);
        this.watch(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(cx);
        this.watch(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{Instant, sleep},
    };

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_cut_after_the_timeout() {
        let ((_client, server), start) = (duplex(10), Instant::now());
        let mut server = Stall::new(server, Some(TIMEOUT));

        let error = server.write_all(&[0; 100]).await.unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_little_each_time_is_not() {
        let ((mut client, server), start) = (duplex(10), Instant::now());
        let mut server = Stall::new(server, Some(TIMEOUT));
        let slow = async {
            for _ in 0..10 {
                sleep(TIMEOUT - Duration::from_millis(1)).await;
                client.read_exact(&mut [0; 10]).await.unwrap();
            }
        };

        let (written, ()) = tokio::join!(server.write_all(&[0; 100]), slow);

        written.unwrap();
        assert!(TIMEOUT * 8 < start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_no_stall() {
        let (mut client, server) = duplex(10);
        let mut server = Stall::new(server, Some(TIMEOUT));

        for _ in 0..3 {
            server.write_all(&[0; 10]).await.unwrap();
            client.read_exact(&mut [0; 10]).await.unwrap();
            sleep(TIMEOUT * 2).await;
        }
    }
}
