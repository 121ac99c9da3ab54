use std::io;

/// Takes a body out of its chunks, however they are cut.
///
/// # Source
///
/// RFC 9112, [Chunked Transfer Coding][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-chunked-transfer-coding
#[derive(Clone, Debug, Default)]
pub(super) struct Chunked {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Within the digits of a length.
    Length {
        digits: u32,
        len: u64,
    },
    /// Behind them, up to the end of the line.
    Extension {
        len: u64,
    },
    Data {
        left: u64,
    },
    /// The line end behind the data.
    DataEnd,
    /// The lines behind the last chunk.
    Trailer {
        is_empty: bool,
    },
    Over,
}

impl Default for State {
    fn default() -> Self {
        Self::Length { digits: 0, len: 0 }
    }
}

impl Chunked {
    /// The next bytes of the body; none once `input` is used up or the body is over.
    pub(super) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> io::Result<Option<&'a [u8]>> {
        loop {
            self.hurry(input);
            if let State::Data { left } = self.state
                && !input.is_empty()
            {
                let len = left.min(input.len() as u64);
                let (data, rest) = input.split_at(len as usize);
                *input = rest;
                let left = left - len;
                self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
                return Ok(Some(data));
            }
            let (false, Some((&byte, rest))) = (self.is_over(), input.split_first()) else {
                return Ok(None);
            };
            *input = rest;
            self.state = self.step(byte)?;
        }
    }

    /// Takes what stands between two chunks at once, if all of it is there: with a chunk for each event that
    /// is what decoding costs.
    fn hurry(&mut self, input: &mut &[u8]) {
        if let State::DataEnd = self.state
            && let Some(rest) = input.strip_prefix(b"\r\n")
        {
            (self.state, *input) = (State::default(), rest);
        }
        if let State::Length { digits: 0, .. } = self.state
            && let Some((left, rest)) = plain_length(input)
        {
            (self.state, *input) = (State::Data { left }, rest);
        }
    }

    /// Whether all data of a chunk were taken, and nothing of what ends it.
    pub(super) fn is_behind_data(&self) -> bool {
        matches!(self.state, State::DataEnd)
    }

    /// Whether the last chunk and all behind it were taken.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    fn step(&self, byte: u8) -> io::Result<State> {
        Ok(match (self.state, byte) {
            (State::Length { digits: 0, .. }, b'\r' | b'\n' | b';' | b' ') => {
                return Err(io::Error::other("a chunk without a length"));
            }
            (State::Length { len, .. } | State::Extension { len }, b'\n') => match len {
                0 => State::Trailer { is_empty: true },
                left => State::Data { left },
            },
            (State::Length { len, .. }, b'\r' | b';' | b' ') => State::Extension { len },
            (State::Length { digits, len }, digit) => {
                let value = (digit as char).to_digit(16).filter(|_| digits < DIGITS as u32);
                let value = value.ok_or_else(|| io::Error::other("a chunk with a bad length"))?;
                State::Length { digits: digits + 1, len: len << 4 | u64::from(value) }
            }
            (State::DataEnd, b'\n') => State::default(),
            (State::Trailer { is_empty: true }, b'\n') => State::Over,
            (State::Trailer { .. }, b'\n') => State::Trailer { is_empty: true },
            (State::Trailer { is_empty }, b'\r') => State::Trailer { is_empty },
            (State::Trailer { .. }, _) => State::Trailer { is_empty: false },
            (same, _) => same,
        })
    }
}

/// The length of a chunk that is not the last and has no extension, and what follows its line.
fn plain_length(input: &[u8]) -> Option<(u64, &[u8])> {
    let mut len = 0;
    for (at, &byte) in input.iter().take(DIGITS + 1).enumerate() {
        let Some(value) = (byte as char).to_digit(16) else {
            let rest = input[at..].strip_prefix(b"\r\n")?;
            return (0 < len).then_some((len, rest));
        };
        len = len << 4 | u64::from(value);
    }
    None
}

/// More would not fit in a length.
const DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_taken_out_of_its_chunks_at_every_cut() {
        let sent = b"5\r\nhello\r\n1;x=y\r\n \r\n00a\r\n0123456789\r\n0\r\nT: x\r\n\r\nrest";
        for cut in 0..sent.len() {
            let (mut chunked, mut body) = (Chunked::default(), Vec::new());
            let mut left = 0;
            for mut input in [&sent[..cut], &sent[cut..]] {
                while let Some(data) = chunked.decode(&mut input).unwrap() {
                    body.extend_from_slice(data);
                }
                left += input.len();
            }
            assert_eq!(body, b"hello 0123456789", "cut at {cut}");
            assert_eq!((chunked.is_over(), left), (true, 4), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for sent in ["\r\n", "g\r\n", "-1\r\n", "1111111111111111\r\n", "00000000000000001\r\n"] {
            let refused = Chunked::default().decode(&mut sent.as_bytes());
            assert!(refused.is_err(), "{sent:?}");
        }
    }
}
