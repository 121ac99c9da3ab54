use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

use crate::{RecordedRequest, Target, patience};

/// Stands between clients and a server: passes bytes on, records the heads of requests, and can cut
/// connections and lead new ones to another server.
///
/// As some proxies do, it holds the head of an answer back until there is a byte of the body. It knows no
/// bodies of requests: what it relays are GETs. Dropping it cuts everything.
#[derive(Debug)]
pub(crate) struct Relay {
    addr: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    server: Mutex<SocketAddr>,
    requests: Mutex<Vec<RecordedRequest>>,
    cuts: watch::Sender<u64>,
    /// How many bytes of answers are still passed on before the connection is cut.
    left: Mutex<Option<usize>>,
}

impl Relay {
    /// A relay to `target` on a free port of this machine.
    pub(crate) async fn start(target: &Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let addr = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            server: Mutex::new(target.addr()),
            requests: Mutex::default(),
            cuts: watch::Sender::new(0),
            left: Mutex::default(),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared.clone()));
        Self { addr, shared, _accepting: accepting }
    }

    /// Leads connections that come from now on to `target`.
    pub(crate) fn lead_to(&self, target: &Target) {
        *lock(&self.shared.server) = target.addr();
    }

    /// Cuts the connection on which answers have passed `bytes` more.
    pub(crate) fn cut_after(&self, bytes: usize) {
        *lock(&self.shared.left) = Some(bytes);
    }

    /// What a page that comes through it has for an origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Closes all its connections. New ones are accepted.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cut| *cut += 1);
    }

    /// The requests for `path` so far, in the order in which their heads were complete.
    pub(crate) fn requests(&self, path: &str) -> Vec<RecordedRequest> {
        let start = format!("GET {path} ");
        let requests = lock(&self.shared.requests);
        requests.iter().filter(|request| request.head.starts_with(&start)).cloned().collect()
    }

    /// Waits for `count` requests for `path`.
    pub(crate) async fn until_requests(&self, path: &str, count: usize) -> Vec<RecordedRequest> {
        let what = format!("{count} requests for {path}");
        patience::until(&what, async || count <= self.requests(path).len()).await;
        self.requests(path)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics under this lock")
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut relaying = JoinSet::new();
    for connection in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        let (shared, mut cut) = (Arc::clone(&shared), shared.cuts.subscribe());
        let seen = cut.clone();
        relaying.spawn(async move {
            let server = *lock(&shared.server);
            let Ok(server) = TcpStream::connect(server).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::select! {
                () = record(from_client, to_server, connection, &shared.requests) => {}
                () = pass_on(from_server, to_client, &shared.left, &seen) => {}
                _changed = cut.changed() => {}
            }
        });
    }
}

/// Ends when the client does, or when the server takes no more.
async fn record(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    connection: usize,
    requests: &Mutex<Vec<RecordedRequest>>,
) {
    let (mut unread, mut passed_on) = (Vec::new(), 0);
    while client.read_buf(&mut unread).await.is_ok_and(|read| 0 < read) {
        let come = unread.len();
        if server.write_all(&unread[passed_on..]).await.is_err() {
            return;
        }
        passed_on = come;
        while let Some(at) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head: Vec<_> = unread.drain(..at + 4).collect();
            passed_on -= head.len();
            let head = String::from_utf8_lossy(&head).into_owned();
            let at = Instant::now();
            lock(requests).push(RecordedRequest { connection, at, head, body: Vec::new() });
        }
    }
}

/// Ends when the server does, when the client takes no more, or where it is to be cut.
async fn pass_on(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    left: &Mutex<Option<usize>>,
    cuts: &watch::Receiver<u64>,
) {
    let mut unsent = Vec::new();
    let mut is_held = true;
    while server.read_buf(&mut unsent).await.is_ok_and(|read| 0 < read) {
        is_held &= is_bare_stream_head(&unsent);
        if is_held {
            continue;
        }
        let passed = lock(left).as_mut().map_or(unsent.len(), |left| {
            let passed = unsent.len().min(*left);
            *left -= passed;
            passed
        });
        // What the server sends after a cut does not arrive, also where the cut is noticed later.
        let is_cut = cuts.has_changed().unwrap_or(true);
        if is_cut || client.write_all(&unsent[..passed]).await.is_err() {
            return;
        }
        if passed < unsent.len() {
            *lock(left) = None;
            return;
        }
        unsent.clear();
    }
}

/// Whether `bytes` are the head of an endless answer and nothing of its body.
fn is_bare_stream_head(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    head.ends_with("\r\n\r\n") && head.contains("\r\ncontent-type: text/event-stream\r\n")
}
