use std::{
    io, mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body::Body;
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    chunks::{Chunks, Fault},
    passed_on::writes_passed_on,
};

/// A connection of HTTP/1 that is read one message at a time: no read goes beyond the end of the head
/// or the body that is being read.
///
/// So its reader holds nothing of the next request while one is under way, and a connection that
/// changes hands between two requests loses no byte. Where a head ends is told by its blank line; how
/// its body is framed is not decided here a second time, but told by [`Framing::settle`] once the head
/// was understood.
///
/// # Source
///
/// RFC 9112, [Message Format][format] and [Pipelining][pipelining].
///
/// [format]: https://www.rfc-editor.org/rfc/rfc9112.html#name-message-format
/// [pipelining]: https://www.rfc-editor.org/rfc/rfc9112.html#name-pipelining
#[derive(Debug)]
pub(super) struct Messages<T> {
    io: T,
    framing: Arc<Framing>,
    part: Part,
    /// What was read beyond the part.
    ahead: Bytes,
}

#[derive(Debug)]
enum Part {
    Head(Head),
    /// The head was read, and is not settled yet.
    Between,
    Length(u64),
    Chunks(Chunks),
}

impl<T> Messages<T> {
    pub(super) fn new(io: T, framing: Arc<Framing>) -> Self {
        Self { io, framing, part: Part::Head(Head::Before), ahead: Bytes::new() }
    }

    /// Takes back what was read and not used. What is read next is the head of a request.
    pub(super) fn put_back(&mut self, unused: Bytes) {
        self.part = Part::Head(Head::Before);
        if self.ahead.is_empty() {
            self.ahead = unused;
        } else if !unused.is_empty() {
            let mut bytes = BytesMut::from(unused);
            bytes.extend_from_slice(&self.ahead);
            self.ahead = bytes.freeze();
        }
    }

    /// Gives the connection back, and what was read of it and not used.
    pub(super) fn into_parts(self) -> (T, Bytes) {
        (self.io, self.ahead)
    }

    /// How many of `bytes` belong to the part that is being read; at least one, if `bytes` is not empty.
    fn admit(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        match &mut self.part {
            Part::Head(head) => {
                let (count, is_over) = head.admit(bytes);
                if is_over {
                    self.part = Part::Between;
                }
                Ok(count)
            }
            Part::Between => Ok(0),
            Part::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                if *left == 0 {
                    self.part = Part::Head(Head::Before);
                }
                Ok(count)
            }
            Part::Chunks(chunks) => {
                let (count, is_over) = chunks.admit(bytes)?;
                if is_over {
                    self.part = Part::Head(Head::Before);
                }
                Ok(count)
            }
        }
    }

    /// Leaves the head that was read for what its request says comes next.
    fn settle(&mut self) -> io::Result<()> {
        if let Part::Between = self.part {
            self.part = match self.framing.take() {
                Some(Length::Known(0)) => Part::Head(Head::Before),
                Some(Length::Known(length)) => Part::Length(length),
                Some(Length::Chunked) => Part::Chunks(Chunks::default()),
                None => return Err(invalid("a head that is no head")),
            };
        }
        Ok(())
    }

    fn fail(&self, fault: Fault) -> io::Error {
        self.framing.is_broken.store(true, Ordering::Relaxed);
        invalid(fault.text())
    }
}

fn invalid(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

impl<T: AsyncRead + Unpin> AsyncRead for Messages<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.settle()?;
        if !this.ahead.is_empty() {
            let ahead = mem::take(&mut this.ahead);
            let most = ahead.len().min(buf.remaining());
            let count = this.admit(&ahead[..most]).map_err(|fault| this.fail(fault))?;
            buf.put_slice(&ahead[..count]);
            this.ahead = ahead.slice(count..);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        let read = &buf.filled()[before..];
        let count = this.admit(read).map_err(|fault| this.fail(fault))?;
        this.ahead = Bytes::copy_from_slice(&read[count..]);
        buf.set_filled(before + count);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Messages<T> {
    writes_passed_on!();

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// What the reader of the heads of a connection tells the connection, and what it is told.
#[derive(Debug)]
pub(super) struct Framing {
    next: AtomicU64,
    is_broken: AtomicBool,
}

/// How long a body is.
enum Length {
    Known(u64),
    Chunked,
}

impl Framing {
    /// Says what follows the head of `request`, as the reader that understood it told.
    pub(super) fn settle(&self, request: &Request<impl Body>) {
        let length = request.body().size_hint().exact().unwrap_or(CHUNKED);
        self.next.store(length, Ordering::Relaxed);
    }

    /// Whether a body broke the rules of its framing.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    fn take(&self) -> Option<Length> {
        match self.next.swap(UNSETTLED, Ordering::Relaxed) {
            UNSETTLED => None,
            CHUNKED => Some(Length::Chunked),
            length => Some(Length::Known(length)),
        }
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self { next: AtomicU64::new(UNSETTLED), is_broken: AtomicBool::new(false) }
    }
}

// hyper takes no length that is so large.
const UNSETTLED: u64 = u64::MAX;
const CHUNKED: u64 = u64::MAX - 1;

/// How far a head was read.
///
/// A line ends with LF, and so does a blank one: what counts is the first end that a lenient parser
/// could see. A strict one refuses the head and the connection with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Head {
    /// Blank lines may come before a request.
    Before,
    InLine,
    LineStart,
    LineStartCr,
}

impl Head {
    /// How many of `bytes` belong to the head, and whether it ends with them.
    fn admit(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            *self = match (*self, byte) {
                (Self::Before, b'\r' | b'\n') => Self::Before,
                (Self::LineStart | Self::LineStartCr, b'\n') => return (at, true),
                (Self::LineStart, b'\r') => Self::LineStartCr,
                (Self::InLine, b'\n') => Self::LineStart,
                _ => {
                    at += memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                    Self::InLine
                }
            };
        }
        (at, false)
    }
}
