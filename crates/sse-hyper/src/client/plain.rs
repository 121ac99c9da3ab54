use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::{
    TlsMismatch,
    limits::{MAX_TAKEN, TooLong},
    tls_mismatch::ProxyMismatch,
};

/// A connection that HTTP is spoken on, and that fails with the reason if its peer wants TLS.
///
/// Such a peer answers with an alert, in which HTTP sees only a version that it does not know. A peer that
/// always has more to say, such as interim answers without end, holds nobody up: others have their turn.
#[derive(Debug)]
pub(super) struct Plain<T> {
    io: T,
    /// Who is to speak HTTP without TLS, until the first bytes show it.
    awaited: Option<PlainPeer>,
    /// How many reads in a row found something.
    reads: u32,
    /// Until the head of an answer is read, if that is to be watched.
    head: Option<HeadRead>,
    /// How much was read since something was written.
    taken: usize,
    /// What a pool is to know.
    is_http2: bool,
    is_forwarded: bool,
}

/// Whether the head of the answer on a connection is read.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadRead(Arc<AtomicBool>);

impl HeadRead {
    /// Says that it is.
    pub(super) fn set(&self) {
        self.0.store(true, Relaxed);
    }

    fn is_read(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Who is spoken to without TLS.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlainPeer {
    Server,
    /// A proxy that sends requests on, and answers with what servers say.
    Proxy,
    /// A proxy that is asked for a tunnel, and whose first answer is its own.
    Tunnel,
}

impl<T> Plain<T> {
    /// `io`, on which `peer` is spoken to without TLS, or anyone with it.
    pub(super) fn new(io: T, peer: Option<PlainPeer>) -> Self {
        Self {
            io,
            awaited: peer,
            reads: 0,
            head: None,
            taken: 0,
            is_http2: false,
            is_forwarded: false,
        }
    }

    /// Reads little at a time, and not without end, until `head` says that the head of the answer is read.
    pub(super) fn with_head(mut self, head: HeadRead) -> Self {
        self.head = Some(head);
        self
    }

    /// Sets whether HTTP/2 is spoken on it, and whether a proxy sends its requests on.
    pub(super) fn with_use(mut self, is_http2: bool, is_forwarded: bool) -> Self {
        (self.is_http2, self.is_forwarded) = (is_http2, is_forwarded);
        self
    }
}

impl PlainPeer {
    /// Why nothing more can be said to a peer that answered `first`, if it wants TLS.
    fn refusal(self, first: &[u8]) -> Option<io::Error> {
        match self {
            Self::Server if is_tls(first) => Some(io::Error::other(TlsMismatch::Spoken)),
            Self::Proxy if is_tls(first) => Some(io::Error::other(ProxyMismatch::Spoken)),
            Self::Tunnel if is_tls(first) || is_bad_request_for_tls(first) => {
                Some(io::Error::other(ProxyMismatch::Spoken))
            }
            Self::Server | Self::Proxy | Self::Tunnel => None,
        }
    }
}

impl<T: Read + Unpin> Read for Plain<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads == TURN {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let is_head = self.head.as_ref().is_some_and(|head| !head.is_read());
        if !is_head && self.awaited.is_none() {
            let is_read = Pin::new(&mut self.io).poll_read(cx, buffer);
            self.reads = if is_read.is_ready() { self.reads + 1 } else { 0 };
            return is_read;
        }
        let mut part = [0; PART];
        let room = buffer.remaining().min(PART);
        let mut part = ReadBuf::new(&mut part[..room]);
        let is_read = Pin::new(&mut self.io).poll_read(cx, part.unfilled());
        self.reads = if is_read.is_ready() { self.reads + 1 } else { 0 };
        ready!(is_read)?;
        let part = part.filled();
        if let Some(peer) = self.awaited.take_if(|_| !part.is_empty())
            && let Some(refusal) = peer.refusal(part)
        {
            return Poll::Ready(Err(refusal));
        }
        self.taken += part.len();
        if is_head && MAX_TAKEN < self.taken {
            return Poll::Ready(Err(io::Error::other(TooLong::Interim)));
        }
        buffer.put_slice(part);
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for Plain<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.taken = 0;
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.taken = 0;
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<T> Connection for Plain<T> {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.is_forwarded);
        if self.is_http2 { connected.negotiated_h2() } else { connected }
    }
}

/// Whether these are the first bytes of a record of TLS: neither an answer of HTTP/1 nor the settings of
/// HTTP/2 begin so.
///
/// # Source
///
/// RFC 8446, section 5.1: alerts are of type 21, handshakes of type 22, and a version begins with 3.
fn is_tls(first: &[u8]) -> bool {
    matches!(first, [21 | 22] | [21 | 22, 3, ..])
}

/// Whether a proxy answers with a page that says so. Only the first read is searched.
fn is_bad_request_for_tls(first: &[u8]) -> bool {
    first.starts_with(b"HTTP/1.") && TlsMismatch::is_said_in(&String::from_utf8_lossy(first))
}

/// How often in a row it is read before others have their turn; each read takes up to 256 KiB.
const TURN: u32 = 4;

/// What one read takes until the head of an answer is read: interim answers are parsed one by one, and the
/// clock has to be looked at between them.
const PART: usize = 4 << 10;
