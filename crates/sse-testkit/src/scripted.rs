use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::patience;

/// A peer for clients: it plays one script a connection and records what it was sent.
///
/// The scripts are played in the order in which connections come. Once all connections have come,
/// further ones are refused. A connection whose script is over is closed; with [`Step::Hold`] at the
/// end it stays open. Dropping the server cuts everything.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use sse_testkit::{Connection, ScriptedServer, Step, head};
///
/// let server = ScriptedServer::start([vec![
///     Step::ExpectHead,
///     Step::send("HTTP/1.1 204 No Content\r\n\r\n"),
/// ]])
/// .await;
///
/// let mut client = Connection::open(server.addr()).await;
/// client.send(head("GET", "/poll/42", &[])).await;
/// assert_eq!(client.response().await.status(), 204);
/// assert_eq!(server.requests()[0].field("host"), Some("test"));
/// # }
/// ```
#[derive(Debug)]
pub struct ScriptedServer {
    addr: SocketAddr,
    record: Arc<Mutex<Record>>,
    _playing: JoinSet<()>,
}

impl ScriptedServer {
    /// A server on a free port of this machine that plays `scripts`.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let addr = listener.local_addr().expect("a listener has an address");
        let record = Arc::default();
        let mut playing = JoinSet::new();
        playing.spawn(accept(listener, scripts.into_iter().collect(), Arc::clone(&record)));
        Self { addr, record, _playing: playing }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of `path` on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// How many connections have come.
    pub fn connections(&self) -> usize {
        lock(&self.record).connections
    }

    /// The requests so far, in the order in which their heads were complete.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.record).requests.clone()
    }

    /// How many clients have closed a connection that was held open.
    pub fn departures(&self) -> usize {
        lock(&self.record).departures
    }

    /// Waits for `count` requests.
    ///
    /// # Panics
    ///
    /// If they do not come.
    pub async fn until_requests(&self, count: usize) -> Vec<RecordedRequest> {
        let what = format!("{count} requests");
        patience::until(&what, async || count <= lock(&self.record).requests.len()).await;
        self.requests()
    }

    /// Waits until `count` clients have closed a connection that was held open.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub async fn until_departures(&self, count: usize) {
        let what = format!("{count} departures");
        patience::until(&what, async || count <= lock(&self.record).departures).await;
    }
}

/// One step of a script.
///
/// ```
/// use sse_testkit::Step;
///
/// let script = [Step::ExpectHead, Step::stream_head(), Step::send("data: 1\n\n"), Step::Close];
/// assert_eq!(script[2], Step::Send(b"data: 1\n\n".to_vec()));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Reads the head of a request and records it.
    ExpectHead,
    /// Reads the body of the last request, of the length that its head names, and records it.
    ExpectBody,
    /// Sends bytes in one write.
    Send(Vec<u8>),
    /// Sends bytes one by one, each in a write of its own.
    SendSingly(Vec<u8>),
    /// Does nothing for a while.
    Sleep(Duration),
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
    /// Holds the connection open until the client closes it.
    Hold,
}

impl Step {
    /// Sends `bytes` in one write.
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }

    /// Sends the head of an event stream that ends with the connection.
    pub fn stream_head() -> Self {
        Self::send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    }

    /// Sends a whole response with `body` as text.
    pub fn response(status: &str, body: &str) -> Self {
        let len = body.len();
        Self::send(format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n\r\n{body}"))
    }
}

/// A request that a [`ScriptedServer`] was sent.
///
/// ```
/// # fn example(server: &sse_testkit::ScriptedServer) {
/// let first = &server.requests()[0];
/// assert!(first.head.starts_with("GET /poll/42 HTTP/1.1\r\n"));
/// assert_eq!(first.field("last-event-id"), None);
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    /// When its head was complete.
    pub at: Instant,
    /// The head, down to its blank line; what is not UTF-8 in it is replaced.
    pub head: String,
    /// The body, as far as the script read it.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The value of the field `name`, whatever the case of both.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

#[derive(Debug, Default)]
struct Record {
    connections: usize,
    departures: usize,
    requests: Vec<RecordedRequest>,
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().expect("nothing panics under this lock")
}

async fn accept(listener: TcpListener, scripts: Vec<Vec<Step>>, record: Arc<Mutex<Record>>) {
    let mut playing = JoinSet::new();
    for (connection, script) in scripts.into_iter().enumerate() {
        let Ok((stream, _)) = listener.accept().await else { break };
        lock(&record).connections += 1;
        playing.spawn(
            Player { stream, unread: Vec::new(), connection, last: None }
                .play(script, Arc::clone(&record)),
        );
    }
    drop(listener);
    while playing.join_next().await.is_some() {}
}

/// One connection that plays its script.
struct Player {
    stream: TcpStream,
    unread: Vec<u8>,
    connection: usize,
    /// The place in the record of the request that was read last.
    last: Option<usize>,
}

impl Player {
    /// Plays until the script or the connection ends.
    async fn play(mut self, script: Vec<Step>, record: Arc<Mutex<Record>>) {
        let _nodelay = self.stream.set_nodelay(true);
        for step in script {
            match step {
                Step::Close => break,
                Step::Reset => {
                    let _linger = self.stream.set_zero_linger();
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
        let (connection, at) = (self.connection, Instant::now());
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
