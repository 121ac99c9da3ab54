use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};

/// Accepts connections, whatever happens.
///
/// Out of file descriptors, the listening socket stays ready and every call fails at once: it waits
/// between the attempts, and says so once.
#[derive(Debug)]
pub(super) struct Acceptor {
    listener: TcpListener,
    outage: Option<Outage>,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, outage: None }
    }

    /// The next connection. Dropping the future loses none.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Some(outage) = self.outage.as_ref().filter(|it| Instant::now() < it.until) {
                sleep_until(outage.until).await;
            }
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => {
                    tracing::debug!(%error, "a connection ended before it was accepted");
                }
                Err(error) => self.handle_outage(&error, Instant::now()),
            }
        }
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
        let mut acceptor = Acceptor::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
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
