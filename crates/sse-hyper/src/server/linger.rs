use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use sse_tokio::{Discard, now};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    passed_on::writes_passed_on,
    shutdown::{Phase, Shutdown},
};

/// A connection that, once our side is closed, reads and throws away what still comes.
///
/// A socket that is closed with unread bytes resets the connection, and the reset eats an answer
/// that the client has not read yet: a refusal of a body that was still being sent, for instance.
/// It ends with the client's end, or at a limit of [`Discard`]. While the server shuts down it does not
/// wait: it ends once there is nothing to read.
#[derive(Debug)]
pub(super) struct Linger<T> {
    io: T,
    shutdown: Shutdown,
    /// Boxed, so that a connection that is open does not pay for it.
    discard: Option<Box<Discard>>,
}

impl<T> Linger<T> {
    pub(super) fn new(io: T, shutdown: Shutdown) -> Self {
        Self { io, shutdown, discard: None }
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.io
    }

    pub(super) fn into_inner(self) -> T {
        self.io
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Linger<T> {
    /// Throws away what the next read gives, and says how much it was; nothing at the end.
    fn poll_thrown_away(&mut self, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let mut buf = [MaybeUninit::uninit(); 8 * 1024];
        let mut buf = ReadBuf::uninit(&mut buf);
        match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
            Poll::Ready(Ok(())) => Poll::Ready(Some(buf.filled().len()).filter(|&len| 0 < len)),
            Poll::Ready(Err(_)) => Poll::Ready(None),
            Poll::Pending if self.shutdown.has_reached(Phase::Stopping) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Linger<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Linger<T> {
    writes_passed_on!();

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut discard = match this.discard.take() {
            Some(discard) => discard,
            None => {
                ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
                Box::new(Discard::new(now()))
            }
        };
        let polled = discard.poll_by(cx, |cx| this.poll_thrown_away(cx));
        this.discard = Some(discard);
        polled.map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::{super::shutdown::ShutdownSender, *};

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_end_of_the_client() {
        let ((mut client, server), start) = (duplex(64), Instant::now());
        let mut linger = Linger::new(server, ShutdownSender::new().subscribe());
        let client = async move {
            client.write_all(&[0; 100_000]).await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        };

        let (shut, ()) = tokio::join!(linger.shutdown(), client);

        shut.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_five_seconds_for_a_client_that_stays() {
        let ((_client, server), start) = (duplex(64), Instant::now());
        let mut linger = Linger::new(server, ShutdownSender::new().subscribe());

        linger.shutdown().await.unwrap();
        linger.shutdown().await.unwrap();

        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn reads_what_is_there_and_no_longer_during_a_shutdown() {
        let ((mut client, server), start) = (duplex(6), Instant::now());
        let shutdown = ShutdownSender::new();
        let mut linger = Linger::new(server, shutdown.subscribe());
        client.write_all(b"unread").await.unwrap();

        shutdown.enter(Phase::Stopping);
        linger.shutdown().await.unwrap();

        assert_eq!(start.elapsed(), Duration::ZERO);
        client.write_all(b"room!!").await.unwrap();
    }
}
