use std::mem;

use crate::wire::utf8;

/// Text that comes in parts, which may cut characters and need not be UTF-8.
///
/// One buffer serves for event after event, of bytes for short ones and of text for long ones.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The start, as text.
    text: String,
    /// What follows, not looked at so far.
    bytes: Vec<u8>,
    /// How many bytes came that were not lent.
    len: usize,
}

impl Text {
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.text.clear();
        if self.bytes.capacity() == 0 {
            self.bytes = mem::take(&mut self.text).into_bytes();
        }
        self.bytes.clear();
    }

    /// How many bytes came since [`clear`](Self::clear), or none behind [`lend`](Self::lend).
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn push(&mut self, part: &[u8]) {
        self.len += part.len();
        if part.len() < LONG || (part.len() < FAR && self.len <= NEAR) {
            self.bytes.extend_from_slice(part);
        } else {
            self.push_long(part);
        }
    }

    pub(super) fn set(&mut self, bytes: &[u8]) {
        self.clear();
        self.push(bytes);
    }

    /// Lets `append` add bytes at the end.
    #[inline]
    pub(super) fn append(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        append(&mut self.bytes);
        self.len += self.bytes.len() - before;
    }

    /// A long part is checked while it is in the cache, not when all of the text is here.
    fn push_long(&mut self, part: &[u8]) {
        let cut = part.iter().take(MAX_CUT).take_while(|byte| is_continuation(**byte)).count();
        let (of_last, part) = part.split_at(cut);
        self.bytes.extend_from_slice(of_last);
        if self.bytes.is_empty() {
            if self.text.capacity() == 0 {
                self.text = String::from_utf8(mem::take(&mut self.bytes)).unwrap_or_default();
            }
        } else {
            push_text(&mut self.text, &self.bytes);
            self.bytes.clear();
        }
        let cut = part.len() - incomplete(part);
        push_text(&mut self.text, &part[..cut]);
        self.bytes.extend_from_slice(&part[cut..]);
    }

    /// All parts came: lends the text, with U+FFFD for what is not UTF-8. Next comes a
    /// [`clear`](Self::clear).
    ///
    /// # Source
    ///
    /// HTML Standard, [Parsing an event stream][spec]: streams are always decoded as UTF-8. Decoding
    /// field by field gives the same text, as no character spans a line end or a colon.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    #[inline]
    pub(super) fn lend(&mut self) -> &str {
        self.len = 0;
        if self.text.is_empty()
            && let Some(text) = utf8::text(&self.bytes)
        {
            return text;
        }
        push_text(&mut self.text, &self.bytes);
        &self.text
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity() + self.text.capacity()
    }
}

/// Appends `bytes` as text, with U+FFFD for what is not UTF-8.
fn push_text(text: &mut String, bytes: &[u8]) {
    match utf8::text(bytes) {
        Some(checked) => text.push_str(checked),
        None => text.push_str(&String::from_utf8_lossy(bytes)),
    }
}

/// How many bytes at the end of `part` are the start of a character whose rest may follow.
#[inline]
fn incomplete(part: &[u8]) -> usize {
    if part.last().is_some_and(u8::is_ascii) {
        return 0;
    }
    let Some(back) = part.iter().rev().take(MAX_CUT).position(|byte| !is_continuation(*byte))
    else {
        return 0;
    };
    let start = part.len() - back - 1;
    match str::from_utf8(&part[start..]) {
        Err(error) if error.error_len().is_none() => back + 1,
        _ => 0,
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// From here on, checking a part costs less than copying it once more.
const LONG: usize = 1024;

/// A text up to here is still in the cache when it is checked as a whole. That is a seventh cheaper, in instructions, than a check of
/// each packet.
const NEAR: usize = 128 << 10;

/// A part from here on is checked alone.
const FAR: usize = 4 << 10;

/// The most bytes of a character that can be without its last one, or without its first.
const MAX_CUT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_length_give_the_text_of_all_their_bytes() {
        let ends: [&[u8]; 12] = [
            b"",
            b"a",
            b"\xC3",
            b"\xE2\x80",
            b"\xE2",
            b"\xF0\x9F\x98",
            b"\xF0\x9F",
            b"\xF0",
            b"\x80\x80",
            b"\xFF",
            b"\xED\xA0",
            b"\xE2\x80\xA8",
        ];
        let starts: [&[u8]; 7] = [
            b"",
            b"a",
            b"\xA9",
            b"\x80\xA8",
            b"\x98\x80",
            b"\x9F\x98\x80",
            b"\x80\x80\x80\x80\xFF",
        ];
        let mut text = Text::default();
        for (long, last) in [(0, LONG), (LONG, FAR), (FAR, FAR), (NEAR, LONG)] {
            for end in ends {
                for start in starts {
                    for short in [&b""[..], b"\x98", b"\xC3\xA9\xE2"] {
                        let first = [&vec![b'x'; long][..], end].concat();
                        let last = [start, &vec![b'y'; last], end].concat();
                        text.clear();
                        for part in [&first[..], short, &last, &last, short] {
                            text.push(part);
                        }
                        let all = [&first[..], short, &last, &last, short].concat();
                        assert_eq!(text.len(), all.len());
                        assert_eq!(text.lend(), String::from_utf8_lossy(&all));
                    }
                }
            }
        }
    }
}
