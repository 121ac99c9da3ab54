use std::{
    future::{Future, poll_fn},
    io::{self, ErrorKind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    time::{Instant, sleep_until},
};

use super::{
    listener::{Listener, Peer},
    raw::Raw,
    socket::Socket,
};

/// Accepts connections, whatever happens.
///
/// Out of file descriptors, the listening socket stays ready and every call fails at once: it waits
/// between the attempts, and says so once.
pub(super) struct Acceptor {
    source: Box<dyn Source>,
    outage: Option<Outage>,
}

impl Acceptor {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self { source, outage: None }
    }

    /// The next connection. Dropping the future loses none.
    pub(super) async fn accept(&mut self) -> (Raw, Peer) {
        loop {
            if let Some(outage) = self.outage.as_ref().filter(|it| Instant::now() < it.until) {
                sleep_until(outage.until).await;
            }
            match poll_fn(|cx| self.source.poll_accept(cx)).await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => {
                    tracing::debug!(%error, "a connection ended before it was accepted");
                }
                Err(error) => self.handle_outage(&error, Instant::now()),
            }
        }
    }

    /// A further connection, if there is one already.
    pub(super) async fn accept_ready(&mut self) -> Option<(Raw, Peer)> {
        let mut accept = pin!(self.accept());
        poll_fn(|cx| match accept.as_mut().poll(cx) {
            Poll::Ready(accepted) => Poll::Ready(Some(accepted)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn handle_outage(&mut self, error: &io::Error, now: Instant) {
        let previous = self.outage.take().filter(|outage| now < outage.until + RECOVERED);
        if previous.is_none() {
            tracing::warn!(%error, "cannot accept connections, trying again");
        }
        let pause = previous.map_or(FIRST_PAUSE, |it| (it.pause * 2).min(LONGEST_PAUSE));
        self.outage = Some(Outage { pause, until: now + pause });
    }
}

/// Any listener.
pub(super) trait Source: Send {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Raw, Peer)>>;
}

/// The listener that the server makes itself, which costs nothing more for a connection.
impl Source for TcpListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Raw, Peer)>> {
        let (tcp, remote) = ready!(Self::poll_accept(self, cx))?;
        Poll::Ready(Ok((Socket::from(tcp).into(), Peer::Tcp(remote.into()))))
    }
}

/// A listener of somebody's own, and what it does.
///
/// It lies in the future that asks it, so that a future which is not done is not dropped.
pub(super) struct Asked<L: Listener>(Pin<Box<dyn Future<Output = Accepted<L>> + Send>>);

type Accepted<L> = (L, io::Result<(<L as Listener>::Io, <L as Listener>::Addr)>);

impl<L: Listener> Asked<L> {
    pub(super) fn new(mut listener: L) -> Self {
        Self(Box::pin(async move {
            let accepted = listener.accept().await;
            (listener, accepted)
        }))
    }
}

impl<L: Listener> Source for Asked<L> {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Raw, Peer)>> {
        let (listener, accepted) = ready!(self.0.as_mut().poll(cx));
        *self = Self::new(listener);
        Poll::Ready(accepted.map(|(io, addr)| (Raw::new(io), Peer::Other(Arc::new(addr)))))
    }
}

/// A time in which little can be accepted.
#[derive(Debug)]
struct Outage {
    pause: Duration,
    until: Instant,
}

/// Whether only the connection that was to be accepted is lost. Linux hands the errors of its
/// network on to accept.
///
/// # Source
///
/// accept(2), Error handling.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::Interrupted
            | ErrorKind::NetworkUnreachable
    )
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A success does not end an outage: the next one may have to wait for a descriptor again.
const RECOVERED: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_a_second_until_all_is_well_for_a_while() {
        let mut acceptor = Acceptor::new(Box::new(TcpListener::bind("127.0.0.1:0").await.unwrap()));
        let mut now = Instant::now();
        let mut pauses = Vec::new();

        for quiet in [0, 0, 9, 0, 0, 0, 0, 10, 0] {
            now += Duration::from_secs(quiet);
            acceptor.handle_outage(&io::Error::other("out of something"), now);
            let outage = acceptor.outage.as_ref().unwrap();
            pauses.push(outage.pause.as_millis());
            now = outage.until;
        }

        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000, 50, 100]);
    }
}
