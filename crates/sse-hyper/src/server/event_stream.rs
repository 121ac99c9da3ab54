use std::{
    error::Error,
    future::poll_fn,
    io::{self, Write},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::SystemTime,
};

use bytes::{Buf, BufMut, BytesMut};
use http::{HeaderMap, Response, header};
use http_body::{Body, Frame};
use httpdate::HttpDate;
use tokio::io::AsyncWrite;

use super::{connection::MAX_WRITE, cut::is_overrun, socket::Socket, watched::Watch};

/// Sends an event stream to its end, in the place of hyper.
///
/// An idle stream holds no buffer then: hyper keeps 16 KiB for each connection, which is most of what
/// a listener costs. The bytes are those that hyper would send. An error of the body is told once what
/// came before it is written, unless the listener was cut. After an answer that `is_last` the
/// connection is to be closed, and the head says so.
///
/// # Source
///
/// RFC 9112, [Chunked Transfer Coding][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-chunked-transfer-coding
pub(super) async fn send<B>(
    io: &mut (impl AsyncWrite + Unpin),
    socket: Socket,
    response: Response<B>,
    is_last: bool,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (parts, body) = response.into_parts();
    let mut unsent = head(&parts.headers, is_last);
    drop(parts);
    let (mut body, mut watch) = (pin!(body), Watch::new(Some(socket)));
    let mut end = None;
    poll_fn(|cx| {
        // Once it is pending the body wakes the task, and need not be asked again before.
        let mut is_pending = false;
        loop {
            while unsent.len() < MAX_WRITE && end.is_none() && !is_pending {
                match body.as_mut().poll_frame(cx) {
                    Poll::Ready(Some(frame)) => match frame.map_err(Into::into) {
                        Ok(frame) => put_frame(&mut unsent, frame),
                        Err(error) if is_overrun(&*error) => return Poll::Ready(Err(error)),
                        Err(error) => end = Some(Err(error)),
                    },
                    Poll::Ready(None) => {
                        unsent.put_slice(LAST_CHUNK);
                        end = Some(Ok(()));
                    }
                    Poll::Pending => is_pending = true,
                }
            }
            if unsent.is_empty() {
                return match end.take() {
                    Some(end) => Poll::Ready(end),
                    None => watch.poll_left(cx).map(|()| Err("the client has left".into())),
                };
            }
            match poll_write_all(io, &mut unsent, cx)? {
                // What an idle stream does not need is given back.
                Poll::Ready(()) => unsent = BytesMut::new(),
                Poll::Pending => {
                    return watch.poll_left(cx).map(|()| Err("the client has left".into()));
                }
            }
        }
    })
    .await
}

fn poll_write_all(
    io: &mut (impl AsyncWrite + Unpin),
    unsent: &mut BytesMut,
    cx: &mut Context<'_>,
) -> io::Result<Poll<()>> {
    while !unsent.is_empty() {
        match Pin::new(&mut *io).poll_write(cx, unsent)? {
            Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(count) => unsent.advance(count),
            Poll::Pending => return Ok(Poll::Pending),
        }
    }
    Ok(Poll::Ready(()))
}

/// The head of an event stream.
pub(super) fn head(headers: &HeaderMap, is_last: bool) -> BytesMut {
    let mut head = BytesMut::with_capacity(HEAD);
    let unsent = &mut head;
    unsent.put_slice(b"HTTP/1.1 200 OK\r\n");
    for (name, value) in headers {
        put_header(unsent, name.as_str(), value.as_bytes());
    }
    put_header(unsent, header::TRANSFER_ENCODING.as_str(), b"chunked");
    if is_last {
        put_header(unsent, header::CONNECTION.as_str(), b"close");
    }
    if !headers.contains_key(header::DATE) {
        let date = HttpDate::from(SystemTime::now()).to_string();
        put_header(unsent, header::DATE.as_str(), date.as_bytes());
    }
    unsent.put_slice(b"\r\n");
    head
}

fn put_header(unsent: &mut BytesMut, name: &str, value: &[u8]) {
    unsent.put_slice(name.as_bytes());
    unsent.put_slice(b": ");
    unsent.put_slice(value);
    unsent.put_slice(b"\r\n");
}

/// An empty chunk would end the body, so nothing is no chunk.
fn put_frame(unsent: &mut BytesMut, frame: Frame<impl Buf>) {
    let Ok(data) = frame.into_data() else {
        return;
    };
    let len = data.remaining();
    if 0 < len {
        unsent.reserve(len + CHUNK_OVERHEAD);
        write!(unsent.writer(), "{len:X}\r\n").expect("memory takes all");
        unsent.put(data);
        unsent.put_slice(b"\r\n");
    }
}

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A head of the usual length.
const HEAD: usize = 320;

/// A length in hexadecimal digits and two line ends.
const CHUNK_OVERHEAD: usize = 20;
