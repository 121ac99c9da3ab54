use std::ops::Range;

use memchr::{memchr2, memchr3};

use crate::{
    DecodeError,
    wire::{
        block::{Lines, Ready},
        decode::Decoder,
        item::MESSAGE,
        line::{DATA, EVENT, Field, ID, Line, line_end_width, value_of},
        utf8,
    },
};

impl Decoder {
    /// Reads a block of the kind that most streams are made of, from the start of `input`: one line
    /// of data, perhaps a name and an id, all of it here. Gives the name and the data.
    ///
    /// `None` says that the block is of another kind, or is cut, and takes nothing but the start of
    /// a line of data that is.
    #[inline]
    pub(super) fn scan_block<'i>(&mut self, input: &mut &'i [u8]) -> Option<(&'i str, &'i str)> {
        let block = *input;
        let (mut data, mut name, mut id) = (None, None, None);
        let mut at = 0;
        if let Some(value) = value_of(block, DATA) {
            let Some(len) = self.line_ends.find(value) else {
                if !value.is_empty() && value.len() < self.bounds.data {
                    // Kept at once, or all of it would be searched again.
                    *input = value;
                    let _within_the_limits = self.begin_value(Field::Data, DATA.len(), input);
                }
                return None;
            };
            if self.bounds.data <= len {
                return None;
            }
            let (value, rest) = value.split_at(len);
            if let [b'\n', b'\n', rest @ ..] = rest {
                let data = utf8::text(value)?;
                *input = rest;
                return Some((MESSAGE, data));
            }
            let end = block.len() - rest.len();
            data = Some(end - len..end);
            at = end + line_end_width(rest)?;
        }
        let len = loop {
            let value = match *block.get(at)? {
                b'd' if data.is_none() => data.insert(value_in(
                    block,
                    at,
                    DATA,
                    |value| self.line_ends.find(value),
                    self.bounds.data,
                )?),
                b'e' => name.insert(value_in(block, at, EVENT, name_end, self.bounds.name)?),
                b'i' => id.insert(value_in(block, at, ID, id_end, self.bounds.id)?),
                b'\n' => break at + 1,
                _ => return None,
            };
            at = value.end + line_end_width(&block[value.end..])?;
        };
        let data = data?;
        // All of it at once: short texts are slow to check.
        let text = utf8::text(&block[..len])?;
        let name = name.map_or("", |name| &text[name]);
        if let Some(id) = id {
            self.last_event_id.clear();
            self.last_event_id.push_str(&text[id]);
        }
        *input = &block[len..];
        Some((if name.is_empty() { MESSAGE } else { name }, &text[data]))
    }

    /// Reads lines from the start of `input` as long as they are whole, known and within the
    /// limits, and up to the first item.
    ///
    /// This is the quick way of what [`Decoder::step`] does for any bytes: it looks for the end of
    /// a line once, and copies nothing of a block that lies in `input`. `None` leaves the line
    /// that needs the other way at the start of `input`.
    #[inline]
    pub(super) fn scan<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Ready<'i>>, DecodeError> {
        let mut lines = Lines::default();
        let mut rest = *input;
        while let Some(&first) = rest.first() {
            match first {
                b'd' if lines.data.is_some() || self.block.has_data() => {
                    self.line = Line::Start;
                    let first = lines.data.take();
                    let joined = self.block.join_lines(
                        first,
                        rest,
                        &self.limits,
                        &self.bounds,
                        &self.line_ends,
                    );
                    if joined.len() == rest.len() {
                        break;
                    }
                    rest = joined;
                }
                b'd' => {
                    let Some(value) = value_of(rest, DATA) else { break };
                    let Some(end) = self.line_ends.find(value) else {
                        if value.is_empty() {
                            break;
                        }
                        self.block.keep(lines);
                        *input = value;
                        return self.begin_value(Field::Data, DATA.len(), input);
                    };
                    if self.bounds.data <= end {
                        break;
                    }
                    lines.data = Some(&value[..end]);
                    rest = self.past_line_end(&value[end..]);
                }
                b'\n' | b'\r' if lines.is_empty() && matches!(self.line, Line::Block) => {
                    rest = self.past_line_end(rest);
                }
                b'\n' | b'\r' => {
                    self.line = Line::Block;
                    rest = self.past_line_end(rest);
                    let ready = self.block.dispatch(lines, &mut self.last_event_id);
                    if ready.is_some() {
                        *input = rest;
                        return Ok(ready);
                    }
                    lines = Lines::default();
                }
                b'e' => {
                    let Some(value) = value_of(rest, EVENT) else { break };
                    let Some(end) = self.line_ends.find(value) else { break };
                    if self.bounds.name <= end {
                        break;
                    }
                    lines.name = Some(&value[..end]);
                    rest = self.past_line_end(&value[end..]);
                }
                b'i' => {
                    let Some(value) = value_of(rest, ID) else { break };
                    let Some(end) = self.line_ends.find(value) else { break };
                    if self.bounds.id <= end || value[..end].contains(&0) {
                        break;
                    }
                    lines.id = Some(&value[..end]);
                    rest = self.past_line_end(&value[end..]);
                }
                b'r' => break,
                b':' if self.comments => break,
                _ => {
                    let Some(end) = self.line_ends.find(rest) else { break };
                    rest = self.past_line_end(&rest[end..]);
                }
            }
        }
        if !lines.is_empty() {
            self.block.keep(lines);
            if matches!(self.line, Line::Block) {
                self.line = Line::Start;
            }
        }
        *input = rest;
        Ok(None)
    }

    /// What follows the line end at the start of `rest`.
    #[inline]
    fn past_line_end<'i>(&mut self, rest: &'i [u8]) -> &'i [u8] {
        match rest {
            [b'\r', b'\n', rest @ ..] => rest,
            [b'\r'] => {
                self.line = Line::AfterCr;
                &[]
            }
            [_, rest @ ..] => rest,
            [] => rest,
        }
    }
}

/// Where the value of `field` lies, which starts at `at` in `block`, is whole and shorter than
/// `bound`.
#[inline]
fn value_in<const N: usize>(
    block: &[u8],
    at: usize,
    field: &[u8; N],
    find_end: impl Fn(&[u8]) -> Option<usize>,
    bound: usize,
) -> Option<Range<usize>> {
    let value = value_of(&block[at..], field)?;
    let len = find_end(value).filter(|&len| len < bound)?;
    let start = block.len() - value.len();
    Some(start..start + len)
}

/// As [`LineEnds::find`](super::line_ends::LineEnds::find), quicker for the short values that names mostly are.
#[inline]
fn name_end(bytes: &[u8]) -> Option<usize> {
    near(bytes, |word| zeros(word ^ repeated(b'\n')) | zeros(word ^ repeated(b'\r')))
        .or_else(|| memchr2(b'\n', b'\r', bytes))
}

/// As [`name_end`], or where the NUL is for which an id is ignored.
#[inline]
fn id_end(bytes: &[u8]) -> Option<usize> {
    let ends = |word| zeros(word ^ repeated(b'\n')) | zeros(word ^ repeated(b'\r')) | zeros(word);
    near(bytes, ends).or_else(|| memchr3(b'\n', b'\r', b'\0', bytes))
}

/// Looks at the first 16 bytes, eight at a time, for one that `ends` marks.
#[inline]
fn near(bytes: &[u8], ends: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().take(2).enumerate() {
        let ends = ends(u64::from_le_bytes(*word));
        if ends != 0 {
            return Some(8 * at + ends.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// The highest bit of each byte that is zero; above the first of them, of some others too.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(0x01)) & !word & repeated(0x80)
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}
