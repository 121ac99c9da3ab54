use std::{fmt, io};

use bytes::BufMut;
use memchr::memchr2;

/// Writes the `data` lines of one event, from text that comes in parts.
///
/// CR, LF and CRLF each end a line, also where a part ends between CR and LF.
pub(super) struct DataWriter<'b, B> {
    buffer: &'b mut B,
    after_cr: bool,
}

impl<'b, B: BufMut> DataWriter<'b, B> {
    #[inline]
    pub(super) fn new(buffer: &'b mut B) -> Self {
        buffer.put_slice(DATA);
        Self { buffer, after_cr: false }
    }

    #[inline]
    pub(super) fn write(&mut self, part: &[u8]) {
        let mut rest = part;
        if self.after_cr && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr = false;
        }
        while let Some(end) = memchr2(b'\r', b'\n', rest) {
            self.buffer.put_slice(&rest[..end]);
            self.buffer.put_slice(NEXT_DATA);
            rest = match &rest[end..] {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                rest => &rest[1..],
            };
        }
        self.buffer.put_slice(rest);
    }

    /// Ends the last line.
    #[inline]
    pub(super) fn finish(self) {
        self.buffer.put_u8(b'\n');
    }
}

impl<B: BufMut> fmt::Write for DataWriter<'_, B> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.write(part.as_bytes());
        Ok(())
    }
}

impl<B: BufMut> io::Write for DataWriter<'_, B> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.write(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const DATA: &[u8] = b"data: ";
const NEXT_DATA: &[u8] = b"\ndata: ";
