use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
};

use sse_testkit::{Connection, Head, Response, StreamEnd};
use tokio::{net::TcpSocket, time::timeout};

use super::{HANG, block_on};

/// One request on a connection of its own.
pub(crate) fn exchange(addr: SocketAddr, method: &str, path: &str, body: &str) -> Response {
    Poster::new(addr).exchange(method, path, body)
}

/// The status of the answer to one request with `fields`, whose body is not read.
pub(crate) fn status(addr: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    Listener::send(addr, &head(method, path, fields)).head().status
}

/// The head of the answer to one request with `fields`, whose body is not read.
pub(crate) fn head_of(addr: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> Head {
    Listener::send(addr, &head(method, path, fields)).head().clone()
}

/// A connection from another address of this machine, as from another client.
pub(crate) fn connect_from(ip: [u8; 4], addr: SocketAddr) -> TcpStream {
    let stream = block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((ip, 0).into()).unwrap();
        timeout(HANG, socket.connect(addr)).await.expect("the server accepts").unwrap()
    });
    let stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// A connection that is kept for many requests.
pub(crate) struct Poster(Connection);

impl Poster {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self(block_on(Connection::open(addr)))
    }

    pub(crate) fn exchange(&mut self, method: &str, path: &str, body: &str) -> Response {
        let len = body.len().to_string();
        self.send(head(method, path, &[("Content-Length", &len)]) + body)
    }

    /// Posts `body` to `path` with one more field.
    pub(crate) fn post_with(&mut self, path: &str, field: (&str, &str), body: &str) -> Response {
        let len = body.len().to_string();
        self.send(head("POST", path, &[("Content-Length", &len), field]) + body)
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send(head(method, path, fields))
    }

    pub(crate) fn send(&mut self, request: String) -> Response {
        block_on(self.0.send(request));
        self.next()
    }

    /// Sends a request, and reads only the head of its answer.
    pub(crate) fn head(&mut self, request: String) -> Head {
        block_on(async {
            self.0.send(request).await;
            self.0.head().await
        })
    }

    /// The answer to a request that was sent before.
    pub(crate) fn next(&mut self) -> Response {
        block_on(self.0.response())
    }
}

/// The head of a request to a server of this machine, which takes no other host.
fn head(method: &str, path: &str, fields: &[(&str, &str)]) -> String {
    sse_testkit::head(method, path, fields).replacen("Host: test\r\n", "Host: localhost\r\n", 1)
}

/// A stream that is open.
pub(crate) struct Listener(sse_testkit::Listener);

impl Listener {
    /// Opens a stream, behind the first block that our server sends with the head.
    pub(crate) fn open(addr: SocketAddr, path: &str) -> Self {
        Self::send(addr, &head("GET", path, &[])).behind_first_block()
    }

    /// Opens a stream with its first block.
    pub(crate) fn open_whole(addr: SocketAddr, path: &str) -> Self {
        Self::open_with(addr, path, &[])
    }

    /// The same, with more fields. If it is refused, the head says so.
    pub(crate) fn open_with(addr: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Self {
        Self::send(addr, &head("GET", path, fields))
    }

    /// Opens a stream that ends with its connection, as for a proxy of the old kind.
    pub(crate) fn open_http_1_0(addr: SocketAddr, path: &str) -> Self {
        Self::send(addr, &format!("GET {path} HTTP/1.0\r\n\r\n")).behind_first_block()
    }

    fn behind_first_block(self) -> Self {
        if self.head().status == 200 { Self(block_on(self.0.opened())) } else { self }
    }

    fn send(addr: SocketAddr, request: &str) -> Self {
        block_on(async {
            let mut connection = Connection::open(addr).await;
            connection.send(request).await;
            let head = connection.head().await;
            Self(sse_testkit::Listener::new(connection, head))
        })
    }

    pub(crate) fn head(&self) -> &Head {
        self.0.head()
    }

    /// The next block, without the blank line that ends it.
    pub(crate) fn block(&mut self) -> String {
        let block = block_on(self.0.block());
        block.trim_end_matches('\n').to_owned()
    }

    /// Whether there is another block; otherwise the stream has ended cleanly.
    pub(crate) fn has_block(&mut self) -> bool {
        self.next().is_some()
    }

    /// The next block, as [`Self::block`] has it; none if the stream has ended cleanly.
    pub(crate) fn next(&mut self) -> Option<String> {
        match block_on(self.0.next_block()) {
            Ok(block) => Some(block.trim_end_matches('\n').to_owned()),
            Err(end) => {
                assert_eq!(end, StreamEnd::Clean);
                None
            }
        }
    }

    /// Whether there is another block; otherwise the stream has ended, however that was.
    pub(crate) fn is_open(&mut self) -> bool {
        block_on(self.0.next_block()).is_ok()
    }

    /// Waits for the clean end of the stream, with nothing more before it.
    pub(crate) fn expect_end(mut self) {
        assert_eq!(block_on(self.0.next_block()), Err(StreamEnd::Clean));
    }
}

/// A listener on `full` whose socket is.
pub(crate) fn unread_listener(addr: SocketAddr) -> TcpStream {
    let mut connection = TcpStream::connect(addr).unwrap();
    connection.write_all(b"GET /poll/full HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let data = "x".repeat(1 << 20);
    // The first may come before the listener does; 8 MiB are more than the sockets take.
    while exchange(addr, "POST", "/ping/full", &data).status() != 200 {}
    for _ in 0..8 {
        // Of a server that is impatient, the listener may be cut meanwhile.
        exchange(addr, "POST", "/ping/full", &data);
    }
    connection
}
