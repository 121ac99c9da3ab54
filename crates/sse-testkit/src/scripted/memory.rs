use std::{
    fmt,
    io::{self, ErrorKind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    task::JoinSet,
};

use super::{
    RecordedRequest, Step,
    player::{Peer, Player},
    record::{Record, lock},
};

/// A [`ScriptedServer`](crate::ScriptedServer) in memory, for tests with a paused clock.
///
/// With sockets a paused clock runs ahead of bytes that the kernel holds; here it stands still while
/// there is something to do.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use sse_testkit::{MemoryServer, Step};
/// use tokio::io::AsyncReadExt;
///
/// let server = MemoryServer::new([vec![Step::send("hi"), Step::Close]]);
/// let mut text = String::new();
/// server.connect()?.read_to_string(&mut text).await?;
/// assert_eq!(text, "hi");
/// assert!(server.connect().is_err(), "the scripts are over");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryServer {
    script: Arc<Mutex<Script>>,
    record: Arc<Mutex<Record>>,
    playing: Arc<Mutex<JoinSet<()>>>,
}

type Script = dyn FnMut(usize) -> Option<Vec<Step>> + Send;

impl MemoryServer {
    /// A server that plays one of `scripts` for each connection, and then refuses.
    pub fn new(scripts: impl IntoIterator<Item = Vec<Step>, IntoIter: Send + 'static>) -> Self {
        let mut scripts = scripts.into_iter();
        Self::by(move |_| scripts.next())
    }

    /// A server that plays what `script` says for the connection of this number, counted from 0, and
    /// refuses it if that is nothing.
    pub fn by(script: impl FnMut(usize) -> Option<Vec<Step>> + Send + 'static) -> Self {
        Self {
            script: Arc::new(Mutex::new(script)),
            record: Arc::default(),
            playing: Arc::default(),
        }
    }

    /// Connects to it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConnectionRefused`] if there is no script.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn connect(&self) -> io::Result<MemoryStream> {
        let connection = {
            let mut record = lock(&self.record);
            record.connections += 1;
            record.connections - 1
        };
        let script = (self.script.lock().expect("scripts do not panic"))(connection);
        let Some(script) = script else { return Err(ErrorKind::ConnectionRefused.into()) };
        let (client, server) = duplex(BUFFER);
        let is_broken = Arc::<AtomicBool>::default();
        let server = MemoryStream { stream: server, is_broken: Arc::clone(&is_broken) };
        let player = Player::new(server, connection);
        let mut playing = self.playing.lock().expect("nothing panics under this lock");
        while playing.try_join_next().is_some() {}
        playing.spawn(player.play(script, Arc::clone(&self.record)));
        Ok(MemoryStream { stream: client, is_broken })
    }

    /// How many connections have come, those that were refused with them.
    pub fn connections(&self) -> usize {
        lock(&self.record).connections
    }

    /// How many clients have closed a connection that was held open.
    pub fn departures(&self) -> usize {
        lock(&self.record).departures
    }

    /// The requests so far, in the order in which their heads were complete.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.record).requests.clone()
    }
}

impl fmt::Debug for MemoryServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryServer").field("record", &self.record).finish_non_exhaustive()
    }
}

/// A side of a connection to a [`MemoryServer`].
#[derive(Debug)]
pub struct MemoryStream {
    stream: DuplexStream,
    /// Whether the server has broken the connection off, which the client sees once it is dropped.
    is_broken: Arc<AtomicBool>,
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let is_end = matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before;
        if is_end && self.is_broken.load(Ordering::Relaxed) {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        read
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Peer for MemoryStream {
    fn break_off(&mut self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }
}

/// About what a socket holds.
const BUFFER: usize = 64 << 10;
