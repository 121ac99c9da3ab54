use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{misdirected::Misdirected, passed_on::writes_passed_on};

/// What the client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    Http1,
    Http2,
    /// Something that is not served here.
    Misdirected(Misdirected),
}

/// Reads until the first bytes tell the protocol, and puts them back in front of `io`; `None` if
/// the client left without a byte.
///
/// Only the bytes decide, under TLS too: ALPN settles what the client may send, and it sends that. A
/// handshake inside of `io` is one too many.
///
/// # Source
///
/// RFC 9113, [HTTP/2 Connection Preface][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9113.html#name-http-2-connection-preface
pub(super) async fn sniff<T: AsyncRead + Unpin>(
    mut io: T,
) -> io::Result<Option<(Protocol, Rewound<T>)>> {
    let mut bytes = BytesMut::new();
    let protocol = loop {
        let count = poll_fn(|cx| poll_more(&mut io, &mut bytes, cx)).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes[0] == TLS_HANDSHAKE {
            break Protocol::Misdirected(Misdirected::Tls);
        }
        if bytes.starts_with(PREFACE) {
            break Protocol::Http2;
        }
        // Half a preface and then the end: HTTP/1 answers that it is no request.
        if count == 0 || !PREFACE.starts_with(&bytes) {
            break Protocol::Http1;
        }
    };
    Ok(Some((protocol, Rewound { io, bytes: bytes.freeze() })))
}

/// Reads a head of the usual length in one go. A connection that has sent nothing holds no buffer for it.
fn poll_more<T: AsyncRead + Unpin>(
    io: &mut T,
    bytes: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut buf = [MaybeUninit::uninit(); 1 << 10];
    let mut buf = ReadBuf::uninit(&mut buf);
    ready!(Pin::new(io).poll_read(cx, &mut buf))?;
    bytes.extend_from_slice(buf.filled());
    Poll::Ready(Ok(buf.filled().len()))
}

/// A connection of which some bytes were read, and are read again.
#[derive(Debug)]
pub(super) struct Rewound<T> {
    io: T,
    bytes: Bytes,
}

impl<T> Rewound<T> {
    /// A connection of which `bytes` were read.
    pub(super) fn new(io: T, bytes: Bytes) -> Self {
        Self { io, bytes }
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.io
    }

    /// Gives the connection back, and what is to be read again.
    pub(super) fn into_parts(self) -> (T, Bytes) {
        (self.io, self.bytes)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Rewound<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.bytes.is_empty() {
            return Pin::new(&mut this.io).poll_read(cx, buf);
        }
        let count = this.bytes.len().min(buf.remaining());
        buf.put_slice(&this.bytes.split_to(count));
        // What follows comes along: a head that is read in two goes makes hyper double its buffer.
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Rewound<T> {
    writes_passed_on!();

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The type of a record that begins a handshake: no byte of HTTP.
///
/// # Source
///
/// RFC 8446, [Record Layer][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc8446.html#section-5.1
const TLS_HANDSHAKE: u8 = 0x16;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn protocol_is_told_and_bytes_come_back_at_every_cut() {
        let cases: [(&[u8], Protocol); 6] = [
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0", Protocol::Http2),
            (b"GET / HTTP/1.1\r\n\r\n", Protocol::Http1),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", Protocol::Http1),
            (b"PUT / HTTP/1.1\r\n\r\n", Protocol::Http1),
            (b"P", Protocol::Http1),
            (b"\x16\x03\x01\x02\0", Protocol::Misdirected(Misdirected::Tls)),
        ];
        for (sent, expected) in cases {
            for cut in 0..sent.len() {
                let (mut client, server) = duplex(64);
                let writing = async move {
                    client.write_all(&sent[..cut]).await.unwrap();
                    tokio::task::yield_now().await;
                    client.write_all(&sent[cut..]).await.unwrap();
                };

                let (sniffed, ()) = tokio::join!(sniff(server), writing);
                let (protocol, mut rewound) = sniffed.unwrap().unwrap();
                let mut read = Vec::new();
                rewound.read_to_end(&mut read).await.unwrap();

                assert_eq!((protocol, &*read), (expected, sent), "cut at {cut}");
            }
        }
    }

    #[tokio::test]
    async fn no_byte_at_all_is_no_protocol() {
        let (client, server) = duplex(64);
        drop(client);

        assert!(sniff(server).await.unwrap().is_none());
    }
}
