use std::{fmt, net::SocketAddr, time::Duration};

use sse_core::Gateway;
use tokio::{task::JoinSet, time::timeout};

use crate::{Connection, Listener, Response, Setup, head, patience, post};

/// A server under test, which listens. Dropping it stops the server.
///
/// ```no_run
/// use sse_testkit::{Setup, Target};
///
/// async fn start(setup: Setup) -> Target {
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
///     let addr = listener.local_addr().unwrap();
///     let mut serving = tokio::task::JoinSet::new();
///     let stopped = setup.stop.requested();
///     serving.spawn(async move { /* serve `listener` as `setup` says, until `stopped` */ });
///     Target::new(addr, setup, serving)
/// }
/// ```
pub struct Target {
    addr: SocketAddr,
    setup: Setup,
    serving: JoinSet<()>,
}

impl Target {
    /// The server that listens on `addr`, configured as `setup` says, in the tasks of `serving`: they
    /// end after a graceful shutdown, and are aborted when the target is dropped.
    pub fn new(addr: SocketAddr, setup: Setup, serving: JoinSet<()>) -> Self {
        Self { addr, setup, serving }
    }

    /// Shuts the server down gracefully, and waits until it has.
    ///
    /// # Panics
    ///
    /// If it does not within 5 s, or fails.
    pub async fn stop(mut self) {
        self.setup.stop.request();
        let stopped = timeout(SHUTDOWN, async {
            while let Some(ended) = self.serving.join_next().await {
                ended.expect("the server does not fail");
            }
        });
        stopped.await.expect("the server shuts down within 5 s");
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How it was configured.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The gateway that it serves.
    pub(crate) fn gateway(&self) -> &Gateway {
        self.setup.made_gateway()
    }

    /// The URL of `path` on it.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.setup.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.addr)
    }

    /// A new connection to it.
    pub async fn connect(&self) -> Connection {
        Connection::open(self.addr).await
    }

    /// What it answers to `request` on a connection of its own.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> Response {
        let mut connection = self.connect().await;
        connection.send(request).await;
        connection.response().await
    }

    /// What it answers to a GET.
    pub async fn get(&self, target: &str) -> Response {
        self.exchange(head("GET", target, &[])).await
    }

    /// What it answers when `body` is posted to `token` under `action`.
    pub async fn post(&self, action: &str, token: &str, body: impl AsRef<[u8]>) -> Response {
        self.exchange(post(&self.setup.path(action, token), body.as_ref())).await
    }

    /// Posts `body` to `token` under `action`.
    ///
    /// # Panics
    ///
    /// If the answer is not 200.
    pub async fn publish(&self, action: &str, token: &str, body: impl AsRef<[u8]>) {
        let response = self.post(action, token, body).await;
        assert_eq!(response.status(), 200, "{action} to {token}: {response:?}");
    }

    /// Listens on `token`, and reads the block that opens its stream.
    ///
    /// # Panics
    ///
    /// If the answer is not 200, or the stream does not begin with `event: sse.open`.
    pub async fn listen(&self, token: &str) -> Listener {
        self.listen_on(self.connect().await, token).await
    }

    /// Opens the stream at `path`, and reads nothing of it.
    ///
    /// # Panics
    ///
    /// If the answer is not 200.
    pub async fn listen_at(&self, path: &str) -> Listener {
        self.open(self.connect().await, head("GET", path, &[]), path).await
    }

    /// Listens on `token` over `connection`, and reads the block that opens its stream.
    ///
    /// # Panics
    ///
    /// If the answer is not 200, or the stream does not begin with `event: sse.open`.
    pub async fn listen_on(&self, connection: Connection, token: &str) -> Listener {
        self.open(connection, self.listen_request(token), token).await.opened().await
    }

    async fn open(&self, mut connection: Connection, request: String, what: &str) -> Listener {
        connection.send(request).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200, "listening on {what}: {head:?}");
        Listener::new(connection, head)
    }

    /// The request to listen on `token`.
    pub fn listen_request(&self, token: &str) -> String {
        head("GET", &self.setup.path(&self.setup.listen, token), &[])
    }

    /// Whether somebody listens on `token`, as a publisher sees it.
    ///
    /// # Panics
    ///
    /// If the server says neither.
    pub async fn has_listener(&self, token: &str) -> bool {
        let response = self.post("no-such-action", token, b"").await;
        let text = response.text();
        let unknown = text.contains("Unknown action requested");
        assert!(unknown || text.contains("Target is not connected"), "{response:?}");
        unknown
    }

    /// Waits until nobody listens on `token`.
    pub async fn until_left(&self, token: &str) {
        let what = format!("somebody listens on {token}");
        patience::until(&what, async || !self.has_listener(token).await).await;
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("addr", &self.addr)
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

/// "exit 0 within 5 s"
const SHUTDOWN: Duration = Duration::from_secs(5);
