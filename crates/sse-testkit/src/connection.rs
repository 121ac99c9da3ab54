use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    Head, Response,
    patience::{HANG, within},
    response::Framing,
};

/// A TCP connection that speaks no more HTTP than it is told to.
///
/// Deliberately no HTTP library: what is sent and what comes back is compared byte by byte. Every
/// wait has a generous end, and panics there.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use sse_testkit::{Connection, head};
///
/// let mut connection = Connection::open(([127, 0, 0, 1], 8888).into()).await;
/// connection.send(head("GET", "/", &[])).await;
/// assert_eq!(connection.response().await.status(), 200);
/// # }
/// ```
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    end: Option<End>,
}

impl Connection {
    /// A connection to `addr`.
    ///
    /// # Panics
    ///
    /// If nothing listens there.
    pub async fn open(addr: SocketAddr) -> Self {
        Self::of(within("connect", TcpStream::connect(addr)).await.expect("a server listens"))
    }

    /// A connection to `addr` with room for little that was not read.
    ///
    /// # Panics
    ///
    /// If nothing listens there.
    pub async fn open_narrow(addr: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_recv_buffer_size(4 << 10).expect("a socket has a buffer");
        Self::of(within("connect", socket.connect(addr)).await.expect("a server listens"))
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a connection has options");
        Self { stream, unread: Vec::new(), end: None }
    }

    /// This end's address.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn local_addr(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connection has an address")
    }

    /// Sends all of `bytes`.
    ///
    /// # Panics
    ///
    /// If the server does not take them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the server reads what it is sent");
    }

    /// Sends all of `bytes`, as far as the server takes them.
    ///
    /// # Errors
    ///
    /// If the connection is closed or reset.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        within("send", self.stream.write_all(bytes.as_ref())).await
    }

    /// Says that nothing more will be sent.
    ///
    /// # Panics
    ///
    /// If the connection is gone.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("the connection is open");
    }

    /// Ends the connection with a reset.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a connection has options");
    }

    /// The next head.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn head(&mut self) -> Head {
        let Some(end) = self.find(b"\r\n\r\n").await else {
            panic!("{:?} before the head: {:?}", self.end, self.unread_text());
        };
        let head = self.take(end + 4);
        Head::parse(str::from_utf8(&head).expect("a head is UTF-8"))
    }

    /// The next response with its body; what is provisional (1xx) is passed over.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn response(&mut self) -> Response {
        let mut head = self.head().await;
        while head.status < 200 {
            head = self.head().await;
        }
        self.body(head).await
    }

    /// The response that began with `head`.
    ///
    /// # Panics
    ///
    /// If the body is cut.
    pub(crate) async fn body(&mut self, head: Head) -> Response {
        let (mut framing, mut body) = (head.framing(), Vec::new());
        loop {
            match self.piece(&mut framing).await {
                Piece::Data(data) => body.extend(data),
                Piece::End => return Response::new(head, body),
                Piece::Cut => panic!("the body was cut: {head:?}, {:?}", self.unread_text()),
            }
        }
    }

    /// What was read and not taken yet.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    pub fn unread(&self) -> &str {
        str::from_utf8(&self.unread).expect("what was read is UTF-8")
    }

    /// Whether something comes within `duration`, or the end.
    pub async fn comes_within(&mut self, duration: Duration) -> bool {
        !self.unread.is_empty() || timeout(duration, self.fill()).await.is_ok()
    }

    /// Reads one byte more, if there is one.
    pub async fn drip(&mut self) {
        let mut byte = [0];
        if let Ok(1) = self.stream.read(&mut byte).await {
            self.unread.extend(byte);
        }
    }

    /// How the connection ends.
    ///
    /// # Panics
    ///
    /// If more comes before the end.
    pub async fn end(&mut self) -> End {
        assert_eq!(self.unread_text(), "", "before the end");
        let end = self.fill().await;
        end.unwrap_or_else(|| panic!("more before the end: {:?}", self.unread_text()))
    }

    /// The next piece of a body that is framed so.
    pub(crate) async fn piece(&mut self, framing: &mut Framing) -> Piece {
        match framing {
            Framing::Length(0) => Piece::End,
            Framing::Length(left) => match self.some(*left).await {
                Some(data) => {
                    *left -= data.len();
                    Piece::Data(data)
                }
                None => Piece::Cut,
            },
            Framing::UntilClose => match self.some(usize::MAX).await {
                Some(data) => Piece::Data(data),
                None if self.end == Some(End::Closed) => Piece::End,
                None => Piece::Cut,
            },
            Framing::Chunked => match self.chunk().await {
                Some(data) if data.is_empty() => Piece::End,
                Some(data) => Piece::Data(data),
                None => Piece::Cut,
            },
        }
    }

    /// Takes nothing before the chunk is whole, so that a wait for it can be given up.
    async fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.find(b"\r\n").await?;
        let size = str::from_utf8(&self.unread[..line]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.unwrap_or_else(|| panic!("no size of a chunk: {:?}", self.unread_text()));
        let (start, end) = (line + 2, line + 2 + size);
        while self.unread.len() < end + 2 {
            if self.fill().await.is_some() {
                return None;
            }
        }
        let chunk = self.take(end + 2);
        assert!(chunk.ends_with(b"\r\n"), "a chunk ends with a line end");
        Some(chunk[start..end].to_vec())
    }

    /// What is there, at least one byte, at most `most`.
    async fn some(&mut self, most: usize) -> Option<Vec<u8>> {
        while self.unread.is_empty() {
            if self.fill().await.is_some() {
                return None;
            }
        }
        Some(self.take(most.min(self.unread.len())))
    }

    /// Where `mark` stands, once it has come.
    async fn find(&mut self, mark: &[u8]) -> Option<usize> {
        loop {
            if let Some(at) = self.unread.windows(mark.len()).position(|bytes| bytes == mark) {
                return Some(at);
            }
            if self.fill().await.is_some() {
                return None;
            }
        }
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        take(&mut self.unread, len)
    }

    /// Reads what comes next; says so if it was the end.
    async fn fill(&mut self) -> Option<End> {
        if self.end.is_none() {
            self.unread.reserve(64 << 10);
            let read = timeout(HANG, self.stream.read_buf(&mut self.unread)).await;
            match read.unwrap_or_else(|_| panic!("it hangs: a read after {:?}", self.unread_text()))
            {
                Ok(0) => self.end = Some(End::Closed),
                Ok(_) => {}
                Err(_error) => self.end = Some(End::Reset),
            }
        }
        self.end
    }

    fn unread_text(&self) -> String {
        let shown = &self.unread[..self.unread.len().min(SHOWN)];
        String::from_utf8_lossy(shown).into_owned()
    }
}

/// Takes the first `len` bytes out of `bytes`, copied at once: tests that are not optimised would collect what is
/// drained byte by byte, for half of their time.
pub(crate) fn take(bytes: &mut Vec<u8>, len: usize) -> Vec<u8> {
    let taken = bytes[..len].to_vec();
    bytes.drain(..len);
    taken
}

const SHOWN: usize = 200;

/// How a connection ends.
///
/// ```
/// assert_ne!(sse_testkit::End::Closed, sse_testkit::End::Reset);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "TCP knows no other end")]
pub enum End {
    /// In order: the other side will send nothing more.
    Closed,
    /// By a reset: what was under way may be lost.
    Reset,
}

/// A step in reading a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Vec<u8>),
    End,
    Cut,
}
