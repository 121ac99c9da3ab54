use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

use crate::{RecordedRequest, Target, patience};

/// Stands between clients and a server: passes bytes on, records the heads of requests, and can cut
/// every connection.
///
/// It knows no bodies of requests: what it relays are GETs. Dropping it cuts everything.
#[derive(Debug)]
pub(crate) struct Relay {
    addr: SocketAddr,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
    cuts: watch::Sender<u64>,
    _accepting: JoinSet<()>,
}

impl Relay {
    /// A relay to `target` on a free port of this machine.
    pub(crate) async fn start(target: &Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let addr = listener.local_addr().expect("a listener has an address");
        let (requests, cuts) = (Arc::default(), watch::Sender::new(0));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target.addr(), Arc::clone(&requests), cuts.clone()));
        Self { addr, requests, cuts, _accepting: accepting }
    }

    /// What a page that comes through it has for an origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Closes all its connections. New ones are accepted.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cut| *cut += 1);
    }

    /// The requests for `path` so far, in the order in which their heads were complete.
    pub(crate) fn requests(&self, path: &str) -> Vec<RecordedRequest> {
        let start = format!("GET {path} ");
        let requests = lock(&self.requests);
        requests.iter().filter(|request| request.head.starts_with(&start)).cloned().collect()
    }

    /// Waits for `count` requests for `path`.
    pub(crate) async fn until_requests(&self, path: &str, count: usize) -> Vec<RecordedRequest> {
        let what = format!("{count} requests for {path}");
        patience::until(&what, async || count <= self.requests(path).len()).await;
        self.requests(path)
    }
}

type Requests = Arc<Mutex<Vec<RecordedRequest>>>;

fn lock(requests: &Mutex<Vec<RecordedRequest>>) -> MutexGuard<'_, Vec<RecordedRequest>> {
    requests.lock().expect("nothing panics under this lock")
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    requests: Requests,
    cuts: watch::Sender<u64>,
) {
    let mut relaying = JoinSet::new();
    for connection in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        let (requests, mut cut) = (Arc::clone(&requests), cuts.subscribe());
        relaying.spawn(async move {
            let Ok(server) = TcpStream::connect(server).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::select! {
                () = record(from_client, to_server, connection, &requests) => {}
                () = pass_on(from_server, to_client) => {}
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

async fn pass_on(mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
    let _ended_either_way = io::copy(&mut server, &mut client).await;
}
