use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::Output;

/// How the frames of a log are put on a connection.
///
/// ```
/// # use sse_core::channel::Framing;
/// assert_eq!(Framing::Chunked.frame(":\n\n".into()), "3\r\n:\n\n\r\n");
/// assert_eq!(Framing::Plain.frame(":\n\n".into()), ":\n\n");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Framing {
    /// As they are.
    #[default]
    Plain,
    /// Each as one chunk of HTTP/1.1, or as several if it is longer than 16 KiB.
    ///
    /// A chunk for each frame, not for each write, lets a stream end behind any event, and a place in a stream is
    /// a frame and an offset into it.
    ///
    /// # Source
    ///
    /// RFC 9112, [Chunked Transfer Coding][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-chunked-transfer-coding
    Chunked,
}

impl Framing {
    /// `frame` with what goes around it. Of nothing that is nothing: an empty chunk would end the body.
    pub fn frame(self, frame: Bytes) -> Bytes {
        match self {
            Self::Plain => frame,
            Self::Chunked if frame.is_empty() => frame,
            Self::Chunked => {
                let len = self.len(frame.len());
                let mut framed = BytesMut::with_capacity(len);
                self.put(&mut framed, &frame, 0..len);
                framed.freeze()
            }
        }
    }

    /// The most bytes that are written at once. What is written to many after each other is worth to be joined
    /// further than what one task writes by itself.
    pub(crate) fn max_write(self) -> usize {
        match self {
            Self::Plain => Output::MAX_WRITE,
            Self::Chunked => 4 * Output::MAX_WRITE,
        }
    }

    /// What ends a stream whose connection is to go on.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Chunked => b"0\r\n\r\n",
        }
    }

    /// How long a frame of `len` bytes is with what goes around it.
    pub(crate) fn len(self, len: usize) -> usize {
        match self {
            Self::Plain => len,
            Self::Chunked => {
                let rest = len % PIECE;
                let last = if 0 < rest || len == 0 { chunk_len(rest) } else { 0 };
                len / PIECE * chunk_len(PIECE) + last
            }
        }
    }

    /// Appends `part` of the framed `frame`.
    pub(crate) fn put(self, bytes: &mut BytesMut, frame: &[u8], part: Range<usize>) {
        match self {
            Self::Plain => bytes.extend_from_slice(&frame[part]),
            Self::Chunked => {
                let first = part.start / chunk_len(PIECE);
                let mut begin = first * chunk_len(PIECE);
                for piece in frame.chunks(PIECE).skip(first) {
                    if part.end <= begin {
                        break;
                    }
                    let (head, len) = chunk_head(piece.len());
                    for it in [&head[..len], piece, LINE_END] {
                        let end = begin + it.len();
                        let (from, to) = (part.start.clamp(begin, end), part.end.clamp(begin, end));
                        bytes.extend_from_slice(&it[from - begin..to - begin]);
                        begin = end;
                    }
                }
            }
        }
    }
}

/// How long a chunk is that holds `len` bytes.
fn chunk_len(len: usize) -> usize {
    digits(len) + len + 2 * LINE_END.len()
}

/// The length of a chunk in hexadecimal digits and the end of its line.
fn chunk_head(len: usize) -> ([u8; 18], usize) {
    let mut head = [0; 18];
    let digits = digits(len);
    for (place, digit) in head[..digits].iter_mut().rev().enumerate() {
        *digit = b"0123456789ABCDEF"[(len >> (4 * place)) & 15];
    }
    head[digits..digits + 2].copy_from_slice(LINE_END);
    (head, digits + 2)
}

fn digits(len: usize) -> usize {
    (usize::BITS - len.leading_zeros()).div_ceil(4).max(1) as usize
}

const LINE_END: &[u8] = b"\r\n";

/// The longest chunk. There are clients that hand on no byte of a chunk before they have all of it.
const PIECE: usize = Output::MAX_WRITE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_chunk_are_the_chunk_at_every_cut() {
        for len in [1, 15, 16, 255, 256, 4096] {
            let frame = Bytes::from(vec![b'x'; len]);
            let chunk = Framing::Chunked.frame(frame.clone());
            assert_eq!(chunk, format!("{len:X}\r\n{}\r\n", "x".repeat(len)));
            for cut in 0..=chunk.len() {
                let mut parts = BytesMut::new();
                Framing::Chunked.put(&mut parts, &frame, 0..cut);
                assert_eq!(parts.len(), cut);
                Framing::Chunked.put(&mut parts, &frame, cut..chunk.len());
                assert_eq!(parts, chunk, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_long_frame_is_several_chunks_which_can_be_cut_anywhere() {
        for (len, expected) in [
            (PIECE, vec![PIECE]),
            (PIECE + 1, vec![PIECE, 1]),
            (2 * PIECE, vec![PIECE, PIECE]),
            (2 * PIECE + 300, vec![PIECE, PIECE, 300]),
        ] {
            let frame: Bytes = (0..len).map(|at| at as u8).collect::<Vec<_>>().into();
            let chunks = Framing::Chunked.frame(frame.clone());
            let mut all = BytesMut::new();
            for (piece, len) in frame.chunks(PIECE).zip(expected) {
                all.extend_from_slice(format!("{len:X}\r\n").as_bytes());
                all.extend_from_slice(piece);
                all.extend_from_slice(LINE_END);
            }
            assert_eq!(chunks, all);
            for cut in (0..=chunks.len()).filter(|cut| cut % 97 == 0 || cut % PIECE < 20) {
                let mut parts = BytesMut::new();
                Framing::Chunked.put(&mut parts, &frame, 0..cut);
                Framing::Chunked.put(&mut parts, &frame, cut..chunks.len());
                assert!(parts == chunks, "cut at {cut} of {len}");
            }
        }
    }
}
