//! Connections that come from elsewhere than a TCP socket of the server's.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    path::PathBuf,
    time::{Duration, Instant},
};

use sse_hyper::{Listener, RemoteAddr, Server};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{mpsc, oneshot},
    time::sleep,
};

use super::{
    support::{
        TestServer, hello, http2, http2_get, read_head, read_to_close, request, text, within,
    },
    tls::Identity,
};

#[tokio::test]
async fn a_unix_socket_serves_both_versions() {
    let (server, unix) = start(|server| server).await;
    let mut stream = unix.connect().await;
    let (mut client, _connection) = http2(unix.connect().await).await;

    for _ in 0..3 {
        hello(&mut stream).await;
        assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");
    }
    assert_eq!(remote(&mut stream).await, "untold");
    drop(server);
}

#[tokio::test]
async fn an_event_stream_on_a_unix_socket_has_the_bytes_of_one_on_tcp() {
    let (server, unix) = start(|server| server).await;
    let over_tcp = TestServer::start(|server| server).await;
    let (mut unix, mut tcp) = (unix.connect().await, over_tcp.connect().await);

    for _ in 0..2 {
        let asked = request("/events");
        unix.write_all(asked.as_bytes()).await.unwrap();
        tcp.write_all(asked.as_bytes()).await.unwrap();
        let heads = (read_head(&mut unix).await, read_head(&mut tcp).await);
        assert_eq!(without_date(&heads.0), without_date(&heads.1));
        for chunk in ["9\r\ndata: 1\n\n\r\n", "9\r\ndata: 2\n\n\r\n", "0\r\n\r\n"] {
            let mut read = vec![0; chunk.len()];
            within(unix.read_exact(&mut read)).await.unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), chunk);
        }
        within(tcp.read_exact(&mut [0; 33])).await.unwrap();
    }
    drop(server);
}

#[tokio::test]
async fn the_end_of_a_client_of_a_unix_socket_drops_its_body() {
    let (server, unix) = start(|server| server).await;
    for path in ["/events/silent", "/silent"] {
        let mut plain = unix.connect().await;
        plain.write_all(request(path).as_bytes()).await.unwrap();
        read_head(&mut plain).await;
        // What was not asked for yet hides the end from hyper.
        let mut talking = unix.connect().await;
        talking.write_all((request(path) + &request("/")).as_bytes()).await.unwrap();
        read_head(&mut talking).await;
        server.bodies.until(2).await;

        drop(plain);
        server.bodies.until(1).await;
        drop(talking);
        server.bodies.until(0).await;
    }
}

#[tokio::test]
async fn a_long_body_over_a_unix_socket_keeps_no_answer_back() {
    let (server, unix) = start(|server| server).await;
    let mut stream = unix.connect().await;
    let body = vec![b'x'; 1 << 20];
    let head = format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());

    stream.write_all(head.as_bytes()).await.unwrap();
    within(stream.write_all(&body)).await.unwrap();

    // Its service reads none of it, and yet the answer arrives.
    assert!(read_to_close(&mut stream).await.ends_with(b"\r\n\r\nhello"));
    drop(server);
}

#[tokio::test]
async fn tls_is_spoken_on_any_listener() {
    let identity = Identity::new();
    let (_server, unix) = start(|server| server.with_tls(identity.tls())).await;
    let (clients, listener) = Memory::new();
    let _in_memory = TestServer::start_on(Server::from_listener(listener).with_tls(identity.tls()));

    hello(&mut identity.speak(unix.connect().await, &[]).await).await;
    hello(&mut identity.speak(clients.connect(), &[]).await).await;
    let (mut client, _connection) = http2(identity.speak(clients.connect(), &["h2"]).await).await;
    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");

    let mut misled = unix.connect().await;
    misled.write_all(request("/").as_bytes()).await.unwrap();
    assert!(read_head(&mut misled).await.starts_with("HTTP/1.1 400"));
    let mut misled = clients.connect();
    misled.write_all(request("/").as_bytes()).await.unwrap();
    assert!(read_head(&mut misled).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn requests_are_told_what_the_listener_knows_of_the_client() {
    let (clients, listener) = Memory::new();
    let _server = TestServer::start_on(Server::from_listener(listener));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let _over_tcp = TestServer::start_on(Server::from_listener(listener));

    let mut in_memory = clients.connect();
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    let own = tcp.local_addr().unwrap().to_string();

    assert_eq!(remote(&mut in_memory).await, "192.0.2.7:7");
    assert_eq!(remote(&mut tcp).await, own);
}

#[tokio::test]
async fn what_a_listener_is_about_to_accept_is_not_lost() {
    let (clients, mut listener) = Memory::new();
    listener.pause = Duration::from_millis(20);
    let server = TestServer::start_on(Server::from_listener(listener));

    // The end of each connection wakes the server while it accepts the next one.
    let streams: Vec<_> = (0..10).map(|_| clients.connect()).collect();
    for mut stream in streams {
        hello(&mut stream).await;
    }
    drop(server);
}

#[tokio::test]
async fn errors_of_a_listener_end_neither_it_nor_the_server() {
    let (clients, mut listener) = Memory::new();
    listener.errors = [ErrorKind::ConnectionReset, ErrorKind::Other, ErrorKind::Other].into();
    let server = TestServer::start_on(Server::from_listener(listener));
    let start = Instant::now();

    hello(&mut clients.connect()).await;

    // 50 ms and 100 ms for those that are not of one connection alone.
    assert!(Duration::from_millis(150) <= start.elapsed());
    drop(server);
}

#[tokio::test]
async fn a_drain_closes_the_listener_and_a_shutdown_ends_its_connections() {
    let (drain, drained) = oneshot::channel::<()>();
    let (server, unix) = start(|server| {
        server.with_drain(async {
            let _begun = drained.await;
        })
    })
    .await;
    let mut stream = unix.connect().await;
    stream.write_all(request("/events/held").as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    server.held.until(1).await;

    drain.send(()).unwrap();
    within(async {
        while UnixStream::connect(&unix.path).await.is_ok() {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    server.held.release();

    assert!(read_to_close(&mut stream).await.ends_with(b"0\r\n\r\n"));
    drop(stream);
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_server_of_a_listener_does_not_know_its_address() {
    let (_clients, listener) = Memory::new();

    let error = Server::from_listener(listener).local_addr().unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// A Unix socket in a folder of its own.
struct Unix {
    path: PathBuf,
    _folder: TempDir,
}

impl Unix {
    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.unwrap()
    }
}

async fn start(configure: impl FnOnce(Server) -> Server) -> (TestServer, Unix) {
    let folder = tempfile::tempdir().unwrap();
    let unix = Unix { path: folder.path().join("socket"), _folder: folder };
    let listener = UnixListener::bind(&unix.path).unwrap();
    (TestServer::start_on(configure(Server::from_listener(listener))), unix)
}

async fn remote(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> String {
    let asked = "GET /remote HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(asked.as_bytes()).await.unwrap();
    let answer = String::from_utf8(read_to_close(stream).await).unwrap();
    answer.split("\r\n\r\n").nth(1).unwrap().to_owned()
}

fn without_date(head: &str) -> Vec<&str> {
    head.lines().filter(|line| !line.starts_with("date: ")).collect()
}

/// A listener that nothing of the system is behind.
struct Memory {
    accepted: mpsc::UnboundedReceiver<DuplexStream>,
    errors: VecDeque<ErrorKind>,
    pause: Duration,
}

/// Where its clients connect.
struct Clients(mpsc::UnboundedSender<DuplexStream>);

impl Memory {
    fn new() -> (Clients, Self) {
        let (sender, accepted) = mpsc::unbounded_channel();
        let memory = Self { accepted, errors: VecDeque::new(), pause: Duration::ZERO };
        (Clients(sender), memory)
    }
}

impl Clients {
    fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(4 << 10);
        self.0.send(server).unwrap();
        client
    }
}

impl Listener for Memory {
    type Io = DuplexStream;
    type Addr = RemoteAddr;

    async fn accept(&mut self) -> io::Result<(DuplexStream, RemoteAddr)> {
        if let Some(kind) = self.errors.pop_front() {
            return Err(kind.into());
        }
        let Some(stream) = self.accepted.recv().await else {
            return std::future::pending().await;
        };
        if !self.pause.is_zero() {
            sleep(self.pause).await;
        }
        Ok((stream, ([192, 0, 2, 7], 7).into()))
    }
}
