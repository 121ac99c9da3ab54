use std::fmt::{self, Write};

use memchr::memchr2;

use crate::wire::line::MARK;

/// Keeps the beginning of what became no event, to tell at the end of a stream what was lost.
///
/// A [`Decoder`](crate::Decoder) drops what no blank line ends, and lines that are not in the format,
/// as it has to. Hand to [`skip`](Self::skip) what it took without making an event of it, and tell
/// each event by [`clear`](Self::clear). At most 8 KiB are kept, whatever the stream.
///
/// ```
/// use sse_core::{
///     Decoder, Item,
///     wire::{Discarded, Leftover},
/// };
///
/// let (mut decoder, mut leftover) = (Decoder::new(), Leftover::new());
/// let body = &b"data: 1\n\ndata: 2"[..];
/// let mut input = body;
/// loop {
///     let before = input;
///     match decoder.decode(&mut input)? {
///         Some(Item::Event(_)) => leftover.clear(),
///         item => {
///             leftover.skip(&before[..before.len() - input.len()]);
///             if item.is_none() {
///                 break;
///             }
///         }
///     }
/// }
///
/// let Some(Discarded::Unfinished { text }) = leftover.discarded() else {
///     panic!("the last event has no blank line");
/// };
/// assert_eq!(text, "data: 2");
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][parsing]: once the end of the file is reached, any pending
/// data must be discarded.
///
/// [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The beginning of the stream, as long as it has no event.
    head: Option<Vec<u8>>,
    /// The beginning of the block that no blank line ends so far.
    block: Vec<u8>,
    /// The last byte was a line end, or there was none: another line end makes a blank line.
    is_at_line: bool,
    /// The current line is a comment, of which nothing is lost.
    is_comment: bool,
    /// The last byte was a CR, to whose line end an LF still belongs.
    is_after_cr: bool,
}

impl Leftover {
    /// Of a stream that begins.
    pub fn new() -> Self {
        Self {
            head: Some(Vec::new()),
            block: Vec::new(),
            is_at_line: true,
            is_comment: false,
            is_after_cr: false,
        }
    }

    /// An event was made of all that came before.
    pub fn clear(&mut self) {
        self.head = None;
        self.block.clear();
        self.is_at_line = true;
        self.is_after_cr = false;
    }

    /// These bytes of the stream were taken, and made no event.
    pub fn skip(&mut self, bytes: &[u8]) {
        if let Some(head) = &mut self.head {
            keep(head, bytes);
        }
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if first == b'\n' && self.is_after_cr {
                self.is_after_cr = false;
                rest = &rest[1..];
                continue;
            }
            self.is_after_cr = false;
            self.is_comment = if self.is_at_line { first == b':' } else { self.is_comment };
            let end = memchr2(b'\n', b'\r', rest);
            if !self.is_comment {
                keep(&mut self.block, &rest[..end.unwrap_or(rest.len())]);
            }
            let Some(end) = end else {
                self.is_at_line = false;
                return;
            };
            if end == 0 && self.is_at_line {
                self.block.clear();
            } else if !self.is_comment {
                keep(&mut self.block, b"\n");
            }
            self.is_at_line = true;
            self.is_after_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
        }
    }

    /// What is lost if the stream ends here. Nothing is lost with comments, blank lines, and blocks that
    /// only set an id or the reconnection time.
    pub fn discarded(&self) -> Option<Discarded> {
        let head = self.head.as_deref().filter(|head| !only_has(head, &[b"", b"id", b"retry"]));
        match head {
            // An answer that is no stream has a last line, too.
            Some(head) if !has(&self.block, b"data") => {
                Some(Discarded::NoEvent { text: text_of(head) })
            }
            // A reconnection time counts at the end of its line.
            _ if !only_has(&self.block, &[b"", b"retry"]) => {
                Some(Discarded::Unfinished { text: text_of(&self.block) })
            }
            _ => None,
        }
    }
}

impl Default for Leftover {
    fn default() -> Self {
        Self::new()
    }
}

/// What a stream held that was lost at its end. Of a long text it is the beginning, with `…` behind it.
///
/// ```
/// use sse_core::wire::Discarded;
///
/// let lost = Discarded::Unfinished { text: "data: 2".to_owned() };
/// assert_eq!(lost.to_string(), "discarded, as no blank line ended it: data: 2");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Discarded {
    /// The last event: its blank line did not come.
    Unfinished {
        /// The lines of the event.
        text: String,
    },
    /// The stream had no event at all, but held this, as an answer of another kind does that was sent
    /// with the wrong type.
    NoEvent {
        /// The beginning of the stream.
        text: String,
    },
}

impl Discarded {
    /// What was lost.
    pub fn text(&self) -> &str {
        match self {
            Self::Unfinished { text } | Self::NoEvent { text } => text,
        }
    }
}

/// On one line: control characters are escaped.
impl fmt::Display for Discarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unfinished { .. } => "discarded, as no blank line ended it: ",
            Self::NoEvent { .. } => "discarded, as there was no event in it: ",
        })?;
        for character in self.text().trim_end().chars() {
            match character.is_control() {
                true => write!(f, "{}", character.escape_default())?,
                false => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Whether a field of this name is there.
fn has(kept: &[u8], name: &[u8]) -> bool {
    names(kept).any(|field| field == name)
}

/// Whether there are fields of these names alone. Comments and blank lines have an empty one.
fn only_has(kept: &[u8], known: &[&[u8]]) -> bool {
    names(kept).all(|name| known.contains(&name))
}

/// The names of the fields in `kept`.
fn names(kept: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = without_mark(without_cut_name(kept)).split(|&byte| is_line_end(byte));
    lines.map(|line| line.split(|&byte| byte == b':').next().unwrap_or(line))
}

/// Without a name at the end that may be the beginning of a longer one.
fn without_cut_name(kept: &[u8]) -> &[u8] {
    let line = kept.iter().rposition(|&byte| is_line_end(byte)).map_or(0, |end| end + 1);
    let (lines, last) = kept.split_at(line);
    let is_cut = kept.len() == MAX_KEPT && last.len() < LONGEST_NAME && !last.contains(&b':');
    if is_cut { lines } else { kept }
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn without_mark(kept: &[u8]) -> &[u8] {
    kept.strip_prefix(&MARK).unwrap_or(kept)
}

/// Adds as much of `bytes` as there is room for.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_KEPT - kept.len();
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn text_of(kept: &[u8]) -> String {
    let text = String::from_utf8_lossy(without_mark(kept));
    match kept.len() == MAX_KEPT {
        // The last character may have been cut.
        true => format!("{}…", text.trim_end_matches(char::REPLACEMENT_CHARACTER)),
        false => text.trim_matches(['\r', '\n']).to_owned(),
    }
}

const MAX_KEPT: usize = 4 << 10;

/// The length of `event` and `retry`.
const LONGEST_NAME: usize = 5;
