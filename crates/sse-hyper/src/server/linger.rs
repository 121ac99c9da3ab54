use std::{
    fmt, io,
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
    rest: Option<Box<Rest>>,
}

/// What still comes behind our end.
struct Rest {
    discard: Discard,
    /// Completes once the server stops. It wakes, too: by then the client may have nothing more to say.
    stopping: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

impl Rest {
    fn new(mut shutdown: Shutdown) -> Self {
        let stopping = Box::pin(async move { shutdown.reached(Phase::Stopping).await });
        Self { discard: Discard::new(now()), stopping }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.discard.fmt(f)
    }
}

impl<T> Linger<T> {
    pub(super) fn new(io: T, shutdown: Shutdown) -> Self {
        Self { io, shutdown, rest: None }
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.io
    }

    pub(super) fn into_inner(self) -> T {
        self.io
    }
}

/// Throws away what the next read gives, and says how much it was; nothing at the end.
fn poll_thrown_away(
    io: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
) -> Poll<Option<usize>> {
    let mut buf = [MaybeUninit::uninit(); 8 * 1024];
    let mut buf = ReadBuf::uninit(&mut buf);
    let read = ready!(Pin::new(io).poll_read(cx, &mut buf));
    let len = read.map_or(0, |()| buf.filled().len());
    Poll::Ready(Some(len).filter(|&len| 0 < len))
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
        let Self { io, shutdown, rest } = self.get_mut();
        if rest.is_none() {
            ready!(Pin::new(&mut *io).poll_shutdown(cx))?;
        }
        let Rest { discard, stopping } =
            &mut **rest.get_or_insert_with(|| Box::new(Rest::new(shutdown.clone())));
        let polled = discard.poll_by(cx, |cx| match poll_thrown_away(io, cx) {
            Poll::Pending => stopping.as_mut().poll(cx).map(|()| None),
            thrown_away => thrown_away,
        });
        polled.map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{Instant, sleep},
    };

    use super::{super::shutdown::ShutdownSender, *};

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_end_of_the_client() {
        let ((mut client, server), start) = (duplex(64), Instant::now());
        let shutdown = ShutdownSender::new();
        let mut linger = Linger::new(server, shutdown.subscribe());
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
        let shutdown = ShutdownSender::new();
        let mut linger = Linger::new(server, shutdown.subscribe());

        linger.shutdown().await.unwrap();
        linger.shutdown().await.unwrap();

        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_no_longer_once_the_server_stops() {
        let ((_client, server), start) = (duplex(64), Instant::now());
        let shutdown = ShutdownSender::new();
        let mut linger = Linger::new(server, shutdown.subscribe());
        // A task of its own, which nothing else wakes.
        let lingering = tokio::spawn(async move { linger.shutdown().await });

        sleep(Duration::from_secs(1)).await;
        shutdown.enter(Phase::Stopping);

        lingering.await.unwrap().unwrap();
        assert_eq!(start.elapsed().as_secs(), 1);
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
