//! Answers to requests that came together go out together, and none waits for anything else.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use sse_hyper::{Listener, RemoteAddr, Server};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use super::support::{TestServer, read_head, read_to_close, request, within};

#[tokio::test]
async fn answers_to_pipelined_requests_share_writes() {
    for asked in [request("/"), post("body"), post(&"x".repeat(1_000))] {
        let (mut stream, writes, server) = counted().await;

        stream.write_all(asked.repeat(32).as_bytes()).await.unwrap();
        for _ in 0..32 {
            assert_eq!(answer(&mut stream).await, "hello");
        }

        // hyper takes 16 requests, then lets others run; long ones do not come in one read.
        let writes = writes.load(Ordering::Relaxed);
        assert!(writes <= 10, "{writes} writes for 32 of {} bytes", asked.len());
        drop(server);
    }
}

#[tokio::test]
async fn one_answer_is_one_write() {
    let (mut stream, writes, server) = counted().await;
    for count in 1..=10 {
        stream.write_all(post("body").as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await, "hello");
        assert_eq!(writes.load(Ordering::Relaxed), count);
    }
    drop(server);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = TestServer::start(|server| server).await;
    for next in [request("/"), post("body"), chunked("body")] {
        let mut stream = server.connect().await;
        for cut in 1..next.len() {
            stream.write_all((post("first") + &next[..cut]).as_bytes()).await.unwrap();
            assert_eq!(answer(&mut stream).await, "hello", "cut at {cut}");
            stream.write_all(&next.as_bytes()[cut..]).await.unwrap();
            assert_eq!(answer(&mut stream).await, "hello", "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn an_answer_does_not_wait_for_that_of_the_next_request() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    let asked = request("/") + &post("body") + &request("/held") + &request("/");

    stream.write_all(asked.as_bytes()).await.unwrap();

    assert_eq!(answer(&mut stream).await, "hello");
    assert_eq!(answer(&mut stream).await, "hello");
    server.held.until(1).await;
    server.held.release();
    assert_eq!(answer(&mut stream).await, "held");
    assert_eq!(answer(&mut stream).await, "hello");
}

#[tokio::test]
async fn an_event_does_not_wait_for_requests_behind_its_stream() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    let asked = request("/") + &request("/events/held") + &request("/") + "GET / HT";

    stream.write_all(asked.as_bytes()).await.unwrap();

    assert_eq!(answer(&mut stream).await, "hello");
    read_head(&mut stream).await;
    expect(&mut stream, "9\r\ndata: 1\n\n\r\n").await;
    server.held.until(1).await;
    server.held.release();
    expect(&mut stream, "9\r\ndata: 2\n\n\r\n0\r\n\r\n").await;
    assert_eq!(answer(&mut stream).await, "hello");
}

#[tokio::test]
async fn leave_to_continue_comes_behind_the_answers_before_it() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    let last = "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

    stream.write_all((request("/") + last).as_bytes()).await.unwrap();

    assert_eq!(answer(&mut stream).await, "hello");
    assert_eq!(read_head(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    assert!(read_to_close(&mut stream).await.ends_with(b"\r\n\r\nbody"));
}

#[tokio::test]
async fn answers_come_before_the_end_of_a_connection_that_fails() {
    let server = TestServer::start(|server| server).await;
    for (last, end) in [
        ("junk\r\n\r\n", "HTTP/1.1 400"),
        ("GET /broken HTTP/1.1\r\nHost: test\r\n\r\n", ""),
        ("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", "hello"),
    ] {
        let mut stream = server.connect().await;
        stream.write_all((request("/").repeat(3) + last).as_bytes()).await.unwrap();

        let read = String::from_utf8(read_to_close(&mut stream).await).unwrap();

        assert_eq!(
            read.matches("\r\n\r\nhello").count(),
            3 + usize::from(end == "hello"),
            "{last}"
        );
        assert!(read.contains(end), "{last}");
    }
}

/// Otherwise a client could make the server hold as many answers as it can send requests.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_answer_is_read_from_no_more() {
    let (sender, connections) = mpsc::unbounded_channel();
    let server = TestServer::start_on(Server::from_listener(Piped(connections)));
    for asked in [request("/empty"), request("/"), post("body")] {
        let (mut client, io) = duplex(4 << 10);
        sender.send(io).unwrap();
        let requests = asked.repeat(10_000);

        let sending = timeout(Duration::from_secs(1), client.write_all(requests.as_bytes()));
        sending.await.expect_err("all requests were taken, and no answer");

        // And from then on it is: what was sent is answered.
        for _ in 0..30 {
            read_head(&mut client).await;
            let body = &mut [0; 5][..if asked.contains("/empty") { 0 } else { 5 }];
            within(client.read_exact(body)).await.unwrap();
        }
    }
    drop(server);
}

/// A connection to a server, and how many writes that makes to it.
async fn counted() -> (TcpStream, Arc<AtomicUsize>, TestServer) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, writes) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counting = Counting { listener, writes: writes.clone() };
    let server = TestServer::start_on(Server::from_listener(counting));
    (TcpStream::connect(addr).await.unwrap(), writes, server)
}

struct Counting {
    listener: TcpListener,
    writes: Arc<AtomicUsize>,
}

impl Listener for Counting {
    type Io = Counted;
    type Addr = RemoteAddr;

    async fn accept(&mut self) -> io::Result<(Counted, RemoteAddr)> {
        let (io, addr) = self.listener.accept().await?;
        Ok((Counted { io, writes: self.writes.clone() }, addr.into()))
    }
}

struct Counted {
    io: TcpStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A listener whose connections are pipes.
struct Piped(mpsc::UnboundedReceiver<tokio::io::DuplexStream>);

impl Listener for Piped {
    type Io = tokio::io::DuplexStream;
    type Addr = RemoteAddr;

    async fn accept(&mut self) -> io::Result<(Self::Io, RemoteAddr)> {
        match self.0.recv().await {
            Some(io) => Ok((io, ([192, 0, 2, 7], 7).into())),
            None => std::future::pending().await,
        }
    }
}

fn post(body: &str) -> String {
    let len = body.len();
    format!("POST /echo/hello HTTP/1.1\r\nHost: test\r\nContent-Length: {len}\r\n\r\n{body}")
}

fn chunked(body: &str) -> String {
    let len = body.len();
    let head = "POST /echo/hello HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    format!("{head}{len:x}\r\n{body}\r\n0\r\n\r\n")
}

async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let head = read_head(stream).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; len.parse().unwrap()];
    within(stream.read_exact(&mut body)).await.unwrap();
    String::from_utf8(body).unwrap()
}

async fn expect(stream: &mut (impl AsyncRead + Unpin), expected: &str) {
    let mut read = vec![0; expected.len()];
    within(stream.read_exact(&mut read)).await.unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), expected);
}
