use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{net::TcpListener, task::JoinSet};

use super::{
    RecordedRequest, Step,
    player::Player,
    record::{Record, lock},
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

async fn accept(listener: TcpListener, scripts: Vec<Vec<Step>>, record: Arc<Mutex<Record>>) {
    let mut playing = JoinSet::new();
    for (connection, script) in scripts.into_iter().enumerate() {
        let Ok((stream, _)) = listener.accept().await else { break };
        lock(&record).connections += 1;
        playing.spawn(Player::new(stream, connection).play(script, Arc::clone(&record)));
    }
    drop(listener);
    while playing.join_next().await.is_some() {}
}
