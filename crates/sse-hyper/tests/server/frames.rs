//! A client of HTTP/2 that sends the frames it is told to, and takes no more than it says.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::support::within;

pub(crate) struct Frames {
    stream: TcpStream,
    max_streams: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) id: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const GOAWAY: u8 = 7;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
pub(crate) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const CANCEL: u32 = 8;
const END_HEADERS: u8 = 4;

impl Frames {
    /// A connection whose streams begin with a window of `window` bytes.
    pub(crate) async fn open(mut stream: TcpStream, window: u32) -> Self {
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        Self::opened(stream, window).await
    }

    /// The same on a connection on which the preface was sent.
    pub(crate) async fn opened(stream: TcpStream, window: u32) -> Self {
        let mut frames = Self { stream, max_streams: None };
        let initial_window = [&[0, 4], &window.to_be_bytes()[..]].concat();
        frames.send(SETTINGS, 0, 0, &initial_window).await;
        frames
    }

    /// A request without a body on the stream `id`.
    pub(crate) async fn request(&mut self, id: u32, fields: &[(&str, &str)]) {
        let mut block = Vec::new();
        for (name, value) in fields {
            // A literal with a new name that is not to be indexed.
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).unwrap());
                block.extend(text.bytes());
            }
        }
        self.send(HEADERS, END_HEADERS | END_STREAM, id, &block).await;
    }

    pub(crate) async fn get(&mut self, id: u32, path: &str) {
        let fields =
            [(":method", "GET"), (":scheme", "http"), (":authority", "test"), (":path", path)];
        self.request(id, &fields).await;
    }

    /// Lets the server send `more` bytes on the stream `id`; 0 is the connection.
    pub(crate) async fn widen(&mut self, id: u32, more: u32) {
        self.send(WINDOW_UPDATE, 0, id, &more.to_be_bytes()).await;
    }

    pub(crate) async fn reset(&mut self, id: u32) {
        self.send(RST_STREAM, 0, id, &CANCEL.to_be_bytes()).await;
    }

    /// How many streams the server lets be open, as far as it was read.
    pub(crate) fn max_streams(&self) -> Option<u32> {
        self.max_streams
    }

    async fn send(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let len = u32::try_from(payload.len()).unwrap();
        let head = [&len.to_be_bytes()[1..], &[kind, flags], &id.to_be_bytes()].concat();
        let frame = [&head, payload].concat();
        let _the_server_may_be_gone = self.stream.write_all(&frame).await;
    }

    /// The next frame of a stream, or GOAWAY; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        within(self.next_in_time()).await
    }

    async fn next_in_time(&mut self) -> Option<Frame> {
        loop {
            let frame = self.read().await?;
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => {
                    let settings = frame.payload.chunks(6);
                    let most = settings.filter_map(|it| it.strip_prefix(&[0, 3])).next_back();
                    self.max_streams = most.map(|it| u32::from_be_bytes(it.try_into().unwrap()));
                    self.send(SETTINGS, ACK, 0, &[]).await;
                }
                PING if frame.flags & ACK == 0 => self.send(PING, ACK, 0, &frame.payload).await,
                SETTINGS | PING | WINDOW_UPDATE => (),
                _ => return Some(frame),
            }
        }
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; usize::try_from(len).unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind: head[3], flags: head[4], id, payload })
    }
}

impl Frame {
    /// Whether this ends its stream as malformed, or answers it with 400.
    pub(crate) fn is_refusal(&self) -> bool {
        // `:status: 400` has a place of its own in the static table.
        self.kind == RST_STREAM || self.kind == HEADERS && self.payload[0] == 0x80 | 12
    }
}
