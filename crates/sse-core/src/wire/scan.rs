use std::ops::Range;

use memchr::{memchr2, memchr3};

use crate::wire::{
    DecodeError, block::Lines, block::Ready, decode::Decoder, item::MESSAGE, line::DATA,
    line::EVENT, line::Field, line::ID, line::Line, line::line_end_width, line::value_of, utf8,
};

impl Decoder {
    /// Reads a block of the kind that most streams are made of, from the start of `input`: one line
    /// of data, perhaps a name and an id, all of it here. Gives the name and the data.
    ///
    /// `None` says that the block is of another kind, or is cut, and takes nothing but the start of
    /// a line of data that is, or comments. `input` is not empty.
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
        } else if block[0] == b':' && !self.comments {
            *input = self.skip_comments(block);
            return None;
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

    /// What follows the comments at the start of `rest` that are whole, and blank lines between them.
    #[inline(never)]
    fn skip_comments<'i>(&self, mut rest: &'i [u8]) -> &'i [u8] {
        while let [b':', comment @ ..] = rest {
            let end = near(comment, controls).or_else(|| self.line_ends.find(comment));
            let next = match end.map(|end| &comment[end..]) {
                Some([b'\n', b'\n', next @ ..] | [b'\n', next @ ..]) => next,
                Some([b'\r', b'\n', b'\r', b'\n', next @ ..] | [b'\r', b'\n', next @ ..]) => next,
                _ => break,
            };
            let (comment, next) = rest.split_at(rest.len() - next.len());
            rest = next;
            // They are mostly alike. No end has to be found before the next one can be looked at.
            while let Some(next) = rest.strip_prefix(comment) {
                rest = next;
            }
        }
        rest
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
                    if first == b':' && lines.is_empty() && matches!(self.line, Line::Block) {
                        let after = self.skip_comments(rest);
                        if after.len() < rest.len() {
                            rest = after;
                            continue;
                        }
                    }
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
    let first = bytes.first_chunk::<8>()?;
    let next = (bytes.len() - 8).min(8);
    for (at, word) in [(0, first), (next, bytes[next..].first_chunk::<8>()?)] {
        let ends = ends(u64::from_le_bytes(*word));
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// The highest bit of each byte up to CR, the line ends and others; above the first of them, of some others too.
fn controls(word: u64) -> u64 {
    word.wrapping_sub(repeated(b'\r' + 1)) & !word & repeated(0x80)
}

/// The highest bit of each byte that is zero; above the first of them, of some others too.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(0x01)) & !word & repeated(0x80)
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Item;

    #[test]
    fn comments_that_are_skipped_change_nothing_wherever_they_are_cut() {
        let comments =
            ": keep-alive\n\n: keep-alive\n\n:\n: tab\t\n\n: of more than sixteen bytes\r\n\r\n";
        let stream = format!(
            "{comments}: by CR\rdata: a\n: within\ndata: b\n\n{comments}id: 7\n{comments}\
             :\r\n\r\n: end\n\n\ndata: c\n\n{comments}"
        );
        let stream = stream.as_bytes();
        for from in 0..stream.len() {
            for to in from..stream.len() {
                let mut decoder = Decoder::new();
                let mut seen = Vec::new();
                for mut part in [&stream[..from], &stream[from..to], &stream[to..]] {
                    while let Ok(Some(Item::Event(event))) = decoder.decode(&mut part) {
                        seen.push((event.data().to_owned(), event.last_event_id().to_owned()));
                    }
                    assert!(part.is_empty(), "cut at {from} and {to}");
                }
                let expected =
                    [("a\nb", ""), ("c", "7")].map(|(data, id)| (data.into(), id.into()));
                assert_eq!(seen, expected, "cut at {from} and {to}");
            }
        }
    }
}
