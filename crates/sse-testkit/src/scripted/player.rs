use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{
    RecordedRequest, Step,
    record::{Record, lock},
};

/// One connection that plays its script.
pub(super) struct Player<S> {
    stream: S,
    unread: Vec<u8>,
    connection: usize,
    /// The place in the record of the request that was read last.
    last: Option<usize>,
}

/// The server's side of a connection.
pub(super) trait Peer: AsyncRead + AsyncWrite + Unpin {
    /// Lets the client see that the connection is broken once it is dropped.
    fn break_off(&mut self);

    fn send_at_once(&mut self) {}
}

impl Peer for TcpStream {
    fn break_off(&mut self) {
        let _linger = self.set_zero_linger();
    }

    fn send_at_once(&mut self) {
        let _nodelay = self.set_nodelay(true);
    }
}

impl<S: Peer> Player<S> {
    pub(super) fn new(stream: S, connection: usize) -> Self {
        Self { stream, unread: Vec::new(), connection, last: None }
    }

    /// Plays until the script or the connection ends.
    pub(super) async fn play(mut self, script: Vec<Step>, record: Arc<Mutex<Record>>) {
        self.stream.send_at_once();
        for step in script {
            match step {
                Step::Close => break,
                Step::Reset => {
                    self.stream.break_off();
                    return;
                }
                step => {
                    if self.step(step, &record).await.is_none() {
                        return;
                    }
                }
            }
        }
        self.close().await;
    }

    /// Closes in order: what the client still sends is read, or it would be answered by a reset.
    async fn close(mut self) {
        let _already_closed = self.stream.shutdown().await;
        let _elapsed = timeout(LINGER, async { while self.fill().await.is_some() {} }).await;
    }

    async fn step(&mut self, step: Step, record: &Mutex<Record>) -> Option<()> {
        match step {
            Step::ExpectHead => self.expect_head(record).await,
            Step::ExpectBody => self.expect_body(record).await,
            Step::Send(bytes) => self.stream.write_all(&bytes).await.ok(),
            Step::SendSingly(bytes) => {
                for byte in crate::single_bytes(&bytes) {
                    self.stream.write_all(byte).await.ok()?;
                }
                Some(())
            }
            Step::Sleep(duration) => {
                sleep(duration).await;
                Some(())
            }
            Step::Close | Step::Reset => None,
            Step::Hold => {
                while self.fill().await.is_some() {}
                lock(record).departures += 1;
                None
            }
        }
    }

    async fn expect_head(&mut self, record: &Mutex<Record>) -> Option<()> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head: Vec<_> = self.unread.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let (connection, at) = (self.connection, Instant::now().into_std());
        let mut record = lock(record);
        self.last = Some(record.requests.len());
        record.requests.push(RecordedRequest { connection, at, head, body: Vec::new() });
        Some(())
    }

    async fn expect_body(&mut self, record: &Mutex<Record>) -> Option<()> {
        let last = self.last?;
        let len = lock(record).requests[last].field("content-length")?.parse().ok()?;
        while self.unread.len() < len {
            self.fill().await?;
        }
        lock(record).requests[last].body.extend(self.unread.drain(..len));
        Some(())
    }

    async fn fill(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread).await.ok()?;
        (0 < read).then_some(())
    }
}

const LINGER: Duration = Duration::from_secs(5);
