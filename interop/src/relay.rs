use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::Outcome;

/// Stands between clients, or a proxy, and a server: passes bytes on, notes requests and answers,
/// cuts connections when it is told to, and can be pointed to another server.
///
/// Dropping it cuts everything.
pub(crate) struct Relay {
    addr: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

struct Shared {
    state: Mutex<State>,
    cuts: watch::Sender<u64>,
    open: watch::Sender<bool>,
}

struct State {
    server: SocketAddr,
    page: String,
    exchanges: Vec<Exchange>,
    /// How many bytes still go to clients before the connection that carries them is cut.
    left: Option<usize>,
}

/// A request for a stream, and what became of it.
#[derive(Clone)]
pub(crate) struct Exchange {
    connection: usize,
    head: String,
    pub(crate) status: Option<u16>,
}

impl Exchange {
    /// The last event ID that was asked for.
    pub(crate) fn last_event_id(&self) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("last-event-id").then(|| value.trim())
        })
    }
}

impl Relay {
    /// A relay to `server` on a free port. What is not asked of a listen URL is answered with `page`.
    pub(crate) async fn start(server: SocketAddr, page: String) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let state = State { server, page, exchanges: Vec::new(), left: None };
        let (cuts, open) = (watch::Sender::new(0), watch::Sender::new(true));
        let shared = Arc::new(Shared { state: Mutex::new(state), cuts, open });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { addr, shared, _accepting: accepting })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections from now on go to `server`.
    pub(crate) fn point_to(&self, server: SocketAddr) {
        self.shared.lock().server = server;
    }

    /// Keeps requests that come waiting until [`let_in`](Self::let_in).
    pub(crate) fn hold(&self) {
        self.shared.open.send_replace(false);
    }

    /// Closes all connections too.
    pub(crate) fn cut_and_hold(&self) {
        self.hold();
        self.shared.cuts.send_modify(|cut| *cut += 1);
    }

    pub(crate) fn let_in(&self) {
        self.shared.open.send_replace(true);
    }

    /// Closes the connection that carries the byte after the next `bytes` to a client.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.shared.lock().left = Some(bytes);
    }

    /// Requests for streams so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.shared.lock().exchanges.clone()
    }

    /// Waits for a request that is answered with `status`; false if there is none.
    pub(crate) async fn until_status(&self, status: u16, patience: Duration) -> bool {
        let patience = Instant::now() + patience;
        while Instant::now() < patience {
            if self.exchanges().iter().any(|exchange| exchange.status == Some(status)) {
                return true;
            }
            sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut relaying = JoinSet::new();
    for connection in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        let shared = Arc::clone(&shared);
        relaying.spawn(async move {
            let mut cut = shared.cuts.subscribe();
            tokio::select! {
                _ended = serve(client, connection, &shared) => {}
                _changed = cut.changed() => {}
            }
        });
    }
}

async fn serve(mut client: TcpStream, connection: usize, shared: &Shared) -> Outcome {
    client.set_nodelay(true)?;
    let mut read = Vec::new();
    while !read.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        // HTTP/2 begins with lines that end so too, and is passed on as it is.
        if client.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let is_stream = read.starts_with(b"GET /poll/") || read.starts_with(b"PRI ");
    if !is_stream {
        let page = shared.lock().page.clone();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
        let answer = format!("{head}Content-Length: {}\r\n\r\n{page}", page.len());
        client.write_all(answer.as_bytes()).await?;
        return Ok(client.shutdown().await?);
    }
    let mut unparsed = read.clone();
    shared.note_requests(connection, &mut unparsed);
    shared.open.subscribe().wait_for(|open| *open).await?;
    let server = shared.lock().server;
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let pass_requests = async {
        let mut client = from_client;
        let mut server = to_server;
        loop {
            server.write_all(&read).await?;
            read.clear();
            if client.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            unparsed.extend_from_slice(&read);
            shared.note_requests(connection, &mut unparsed);
        }
    };
    tokio::select! {
        passed = pass_requests => passed,
        passed = pass_answers(from_server, to_client, connection, shared) => passed,
    }
}

async fn pass_answers(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    connection: usize,
    shared: &Shared,
) -> Outcome {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let read = server.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        let (pass, cut) = shared.note(connection, &piece[..read]);
        client.write_all(&piece[..pass]).await?;
        if cut {
            return Ok(());
        }
    }
}

impl Shared {
    /// Requests for streams have no body, so a head ends where the next begins.
    fn note_requests(&self, connection: usize, unparsed: &mut Vec<u8>) {
        while let Some(at) = unparsed.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head: Vec<_> = unparsed.drain(..at + 4).collect();
            let head = String::from_utf8_lossy(&head).into_owned();
            self.lock().exchanges.push(Exchange { connection, head, status: None });
        }
    }

    /// Notes the status if an answer begins here; how much of it goes on, and whether that is all.
    fn note(&self, connection: usize, piece: &[u8]) -> (usize, bool) {
        let mut state = self.lock();
        if let Some(status) = status(piece) {
            let mut exchanges = state.exchanges.iter_mut();
            let waits = |exchange: &&mut Exchange| {
                exchange.connection == connection && exchange.status.is_none()
            };
            if let Some(exchange) = exchanges.find(waits) {
                exchange.status = Some(status);
            }
        }
        match state.left {
            None => (piece.len(), false),
            Some(left) if piece.len() < left => {
                state.left = Some(left - piece.len());
                (piece.len(), false)
            }
            Some(left) => {
                state.left = None;
                (left, true)
            }
        }
    }
}

fn status(piece: &[u8]) -> Option<u16> {
    let rest = piece.strip_prefix(b"HTTP/1.1 ")?;
    std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
}
