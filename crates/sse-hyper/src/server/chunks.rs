/// Follows a body in chunks to its end, whose bytes somebody else decodes.
///
/// It is strict where decoders differ: a size has at most 16 digits, zeros in front included, and every
/// line ends with CR and LF.
///
/// # Source
///
/// RFC 9112, [Chunked Transfer Coding][spec]: recipients must anticipate large numerals, and bound what
/// they take.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-chunked-transfer-coding
#[derive(Debug)]
pub(super) struct Chunks {
    state: State,
    /// The size that is being read, then what is left of the chunk.
    left: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Size { digits: u8 },
    SpaceAfterSize,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Chunks {
    /// How many of `bytes` belong to the body, and whether it ends with them.
    pub(super) fn admit(&mut self, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Data {
                let count = usize::try_from(self.left).unwrap_or(usize::MAX);
                let count = count.min(bytes.len() - at);
                at += count;
                self.left -= count as u64;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            let byte = bytes[at];
            at += 1;
            if self.state == State::EndLf && byte == b'\n' {
                return Ok((at, true));
            }
            self.state = self.after(byte)?;
        }
        Ok((at, false))
    }

    fn after(&mut self, byte: u8) -> Result<State, Fault> {
        Ok(match (self.state, byte) {
            (State::Size { digits: MAX_DIGITS }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                return Err(Fault::LongSize);
            }
            (State::Size { digits }, _) => match char::from(byte).to_digit(16) {
                Some(digit) => {
                    self.left = self.left << 4 | u64::from(digit);
                    State::Size { digits: digits + 1 }
                }
                None if digits == 0 => return Err(Fault::NoSize),
                None => Self::after_size(byte)?,
            },
            (State::SpaceAfterSize, _) => Self::after_size(byte)?,
            (
                State::Extension | State::TrailerStart | State::Trailer,
                0..=8 | 11..=12 | 14..=31 | 127,
            ) => {
                return Err(Fault::Control);
            }
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension, b'\n') => return Err(Fault::LineEnd),
            (State::Extension, _) => State::Extension,
            (State::SizeLf, b'\n') if self.left == 0 => State::TrailerStart,
            (State::SizeLf, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size { digits: 0 },
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::TrailerStart | State::Trailer, byte) if byte != b'\n' => State::Trailer,
            _ => return Err(Fault::LineEnd),
        })
    }

    fn after_size(byte: u8) -> Result<State, Fault> {
        match byte {
            b' ' | b'\t' => Ok(State::SpaceAfterSize),
            b';' => Ok(State::Extension),
            b'\r' => Ok(State::SizeLf),
            _ => Err(Fault::NoSize),
        }
    }
}

impl Default for Chunks {
    fn default() -> Self {
        Self { state: State::Size { digits: 0 }, left: 0 }
    }
}

/// How a body in chunks breaks the rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    NoSize,
    LongSize,
    LineEnd,
    /// A control character in an extension or a trailer.
    Control,
}

impl Fault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NoSize => "a chunk without a size",
            Self::LongSize => "the size of a chunk has more than 16 digits",
            Self::LineEnd => "a chunk without its line end",
            Self::Control => "a control character in an extension or a trailer",
        }
    }
}

/// What fits into 64 bits.
const MAX_DIGITS: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_at_the_same_byte_at_every_cut() {
        let bodies = [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "A;a=b;c=\"d\"\r\n0123456789\r\n0000000000000001 \t\r\n\r\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
        ];
        for body in bodies {
            let bytes = [body, "POST / HTTP/1.1\r\n\r\n"].concat().into_bytes();
            for cut in 0..body.len() {
                let mut chunks = Chunks::default();
                assert_eq!(chunks.admit(&bytes[..cut]), Ok((cut, false)), "{body:?} at {cut}");
                let rest = chunks.admit(&bytes[cut..]);
                assert_eq!(rest, Ok((body.len() - cut, true)), "{body:?} at {cut}");
            }
        }
    }

    #[test]
    fn what_breaks_the_rules_is_told() {
        let cases = [
            ("\r\n", Fault::NoSize),
            ("x\r\n", Fault::NoSize),
            ("-1\r\n", Fault::NoSize),
            ("+1\r\n", Fault::NoSize),
            ("0x1\r\n", Fault::NoSize),
            ("1 2\r\n", Fault::NoSize),
            ("1\n", Fault::NoSize),
            ("00000000000000001\r\n", Fault::LongSize),
            ("10000000000000000\r\n", Fault::LongSize),
            ("1;a\n", Fault::LineEnd),
            ("1\rx", Fault::LineEnd),
            ("1\r\nab", Fault::LineEnd),
            ("1\r\na\n", Fault::LineEnd),
            ("0\r\n\n", Fault::LineEnd),
            ("0\r\nX: 1\n", Fault::LineEnd),
            ("0\r\nX: 1\rY", Fault::LineEnd),
            ("0\r\n\rx", Fault::LineEnd),
            ("1;a\0b\r\n", Fault::Control),
            ("1;\x1b[\r\n", Fault::Control),
            ("0\r\n\x7f: 1\r\n", Fault::Control),
            ("0\r\nX: \x01\r\n", Fault::Control),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Chunks::default().admit(bytes.as_bytes()), Err(expected), "{bytes:?}");
        }
    }
}
