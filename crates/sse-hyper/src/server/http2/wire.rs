use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::progress::Progress;

/// A connection whose frames are looked at as they pass, so that `progress` knows what the client took.
///
/// # Source
///
/// RFC 9113, [HTTP Frames][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9113.html#name-http-frames
#[derive(Debug)]
pub(super) struct Wire<T> {
    io: T,
    incoming: Frames,
    outgoing: Frames,
    progress: Arc<Progress>,
}

impl<T> Wire<T> {
    /// Looks at `io` from its first byte on.
    pub(super) fn new(io: T, progress: Arc<Progress>) -> Self {
        let incoming = Frames { skipped: PREFACE, ..Frames::default() };
        Self { io, incoming, outgoing: Frames::default(), progress }
    }

    fn handle_written(&mut self, bytes: &[u8]) {
        let progress = &self.progress;
        self.outgoing.handle(bytes, |frame| match frame.kind {
            DATA | HEADERS if frame.flags & END_STREAM != 0 => progress.handle_end(frame.stream),
            DATA if frame.len > 0 => progress.handle_data(),
            HEADERS => progress.handle_open(frame.stream),
            RST_STREAM => progress.handle_end(frame.stream),
            _ => (),
        });
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (this, before) = (self.get_mut(), buf.filled().len());
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        let progress = &this.progress;
        this.incoming.handle(&buf.filled()[before..], |frame| {
            if frame.kind == RST_STREAM {
                progress.handle_reset(frame.stream);
            }
        });
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let count = ready!(Pin::new(&mut this.io).poll_write(cx, buf))?;
        this.handle_written(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let count = ready!(Pin::new(&mut this.io).poll_write_vectored(cx, bufs))?;
        let mut left = count;
        for buf in bufs {
            let written = left.min(buf.len());
            this.handle_written(&buf[..written]);
            left -= written;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// Finds the heads of frames in a stream of bytes.
#[derive(Debug, Default)]
struct Frames {
    head: [u8; HEAD],
    filled: usize,
    /// Bytes that are no heads: payloads, and before them the client's preface.
    skipped: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Frame {
    len: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl Frames {
    fn handle(&mut self, mut bytes: &[u8], mut handle_frame: impl FnMut(Frame)) {
        loop {
            let skipped = self.skipped.min(bytes.len());
            self.skipped -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD - self.filled).min(bytes.len());
            self.head[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled < HEAD {
                return;
            }
            let [a, b, c, kind, flags, d, e, f, g] = self.head;
            let len = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let stream = u32::from_be_bytes([d & 0x7F, e, f, g]);
            (self.filled, self.skipped) = (0, len);
            handle_frame(Frame { len, kind, flags, stream });
        }
    }
}

const HEAD: usize = 9;
const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_at_every_cut() {
        let bytes = *b"\0\0\x02\0\x01\0\0\0\x01hi\0\0\0\x04\x01\0\0\0\0\0\0\x04\x03\0\x80\0\x01\x05\0\0\0\0";
        let frame = |len, kind, flags, stream| Frame { len, kind, flags, stream };
        let expected = [frame(2, 0, 1, 1), frame(0, 4, 1, 0), frame(4, 3, 0, 0x105)];
        for cut in 0..=bytes.len() {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                frames.handle(part, |frame| found.push(frame));
            }
            assert_eq!(found, expected, "cut at {cut}");
        }
    }
}
