use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Uri, uri::Scheme};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower_service::Service;

use super::{TlsMismatch, tls_mismatch::ProxyMismatch};

/// A connection that HTTP is spoken on, and that fails with the reason if its peer wants TLS.
///
/// Such a peer answers with an alert, in which HTTP sees only a version that it does not know.
#[derive(Debug)]
pub(super) struct Plain<T> {
    io: T,
    /// Who is to speak HTTP without TLS, until the first bytes show it.
    awaited: Option<PlainPeer>,
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
        Self { io, awaited: peer }
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
        let Some(peer) = self.awaited else {
            return Pin::new(&mut self.io).poll_read(cx, buffer);
        };
        let mut first = [0; FIRST];
        let room = buffer.remaining().min(FIRST);
        let mut first = ReadBuf::new(&mut first[..room]);
        ready!(Pin::new(&mut self.io).poll_read(cx, first.unfilled()))?;
        if !first.filled().is_empty() {
            self.awaited = None;
        }
        if let Some(refusal) = peer.refusal(first.filled()) {
            return Poll::Ready(Err(refusal));
        }
        buffer.put_slice(first.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for Plain<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
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

impl<T: Connection> Connection for Plain<T> {
    fn connected(&self) -> Connected {
        self.io.connected()
    }
}

/// Makes each connection of `C` a [`Plain`] one, which watches for TLS if its address is `http`.
#[derive(Clone, Debug)]
pub(super) struct PlainConnector<C>(pub(super) C);

impl<C> Service<Uri> for PlainConnector<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = Plain<C::Response>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let peer = (uri.scheme() == Some(&Scheme::HTTP)).then_some(PlainPeer::Server);
        let connecting = self.0.call(uri);
        Box::pin(async move { Ok(Plain::new(connecting.await?, peer)) })
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

/// Whether a proxy answers with a page that says so. It comes with its head, or it is not seen.
fn is_bad_request_for_tls(first: &[u8]) -> bool {
    first.starts_with(b"HTTP/1.") && TlsMismatch::is_said_in(&String::from_utf8_lossy(first))
}

/// What one read takes, until it is known what comes.
const FIRST: usize = 1 << 10;
