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

use super::TlsMismatch;

/// A connection that HTTP is spoken on, and that tells if a record of TLS comes back.
///
/// A server that expects TLS answers with an alert, in which HTTP sees only a version that it does not
/// know.
#[derive(Debug)]
pub(super) struct Plain<T> {
    io: T,
    /// Nothing has come yet, and nothing but HTTP should.
    is_watched: bool,
}

impl<T> Plain<T> {
    /// `io`, without TLS if it `is_plain`.
    pub(super) fn new(io: T, is_plain: bool) -> Self {
        Self { io, is_watched: is_plain }
    }
}

impl<T: Read + Unpin> Read for Plain<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_watched {
            return Pin::new(&mut self.io).poll_read(cx, buffer);
        }
        let mut first = [0; FIRST];
        let room = buffer.remaining().min(FIRST);
        let mut first = ReadBuf::new(&mut first[..room]);
        ready!(Pin::new(&mut self.io).poll_read(cx, first.unfilled()))?;
        self.is_watched = first.filled().is_empty();
        if is_tls(first.filled()) {
            return Poll::Ready(Err(io::Error::other(TlsMismatch::Spoken)));
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

/// Makes the connections of `C` such that tell, where they are without TLS.
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
        let is_plain = uri.scheme() == Some(&Scheme::HTTP);
        let connecting = self.0.call(uri);
        Box::pin(async move { Ok(Plain::new(connecting.await?, is_plain)) })
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

/// What one read takes, until it is known what comes.
const FIRST: usize = 1 << 10;
