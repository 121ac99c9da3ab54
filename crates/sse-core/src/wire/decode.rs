use std::mem;

use memchr::memchr2;

use crate::{
    DecodeError, Item, Limits,
    wire::{
        block::{Block, Ready},
        line::{Field, Line, Name},
    },
};

/// Turns the bytes of a `text/event-stream` into events, wherever the bytes are cut.
///
/// Call [`decode`](Self::decode) with each piece of the body until it returns `None`, then with
/// the next piece. At the end of the body there is nothing to call: what is not finished by a
/// blank line is no event. [`reset`](Self::reset) makes the decoder ready for the next connection.
///
/// The time is linear in the length of the stream. The memory is bounded by [`Limits`]; buffers
/// keep the size of their longest content until [`reset`](Self::reset).
///
/// ```
/// use sse_core::{Decoder, Item};
///
/// let mut decoder = Decoder::new();
/// let mut seen = Vec::new();
/// for mut chunk in [&b"event: rea"[..], b"ding\r\nid: 7\r", b"\ndata: 21.5\r\n\r"] {
///     while let Some(item) = decoder.decode(&mut chunk)? {
///         if let Item::Event(event) = item {
///             seen.push((event.name().to_owned(), event.data().to_owned()));
///         }
///     }
/// }
///
/// assert_eq!(seen, [("reading".to_owned(), "21.5".to_owned())]);
/// assert_eq!(decoder.last_event_id(), "7");
/// # Ok::<(), sse_core::DecodeError>(())
/// ```
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][parsing] and
/// [Interpreting an event stream][interpretation].
///
/// [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
/// [interpretation]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    comments: bool,
    last_event_id: String,
    line: Line,
    after_cr: bool,
    block: Block,
    failure: Option<DecodeError>,
}

impl Decoder {
    /// A decoder with the default [`Limits`].
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// A decoder that holds no more than `limits`.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            comments: false,
            last_event_id: String::new(),
            line: Line::Mark(0),
            after_cr: false,
            block: Block::default(),
            failure: None,
        }
    }

    /// Whether to report comments. Default: no, they are skipped without being kept.
    #[must_use]
    pub fn with_comments(mut self, comments: bool) -> Self {
        self.comments = comments;
        self
    }

    /// Starts with the last event id of an earlier connection, as [`reset`](Self::reset) does.
    #[must_use]
    pub fn with_last_event_id(mut self, id: impl Into<String>) -> Self {
        self.last_event_id = id.into();
        self
    }

    /// Takes bytes from the front of `input` up to the next item.
    ///
    /// `None` means that all of `input` was taken and more is needed. An event is returned as
    /// soon as its blank line has an end, even if that is a CR and an LF may follow. The item
    /// borrows from the decoder and from the bytes of `input`, not from the variable itself.
    ///
    /// # Errors
    ///
    /// The stream passed one of the [`Limits`]. It cannot be resumed: until
    /// [`reset`](Self::reset) every further call returns the same error.
    pub fn decode<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'a>>, DecodeError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match self.read(input) {
            Ok(Some(ready)) => Ok(Some(self.block.lend(ready, &self.last_event_id))),
            Ok(None) => Ok(None),
            Err(failure) => {
                self.failure = Some(failure);
                Err(failure)
            }
        }
    }

    /// The id to send when reconnecting; empty if there is none.
    ///
    /// An id counts from the blank line that ends its block, also if the block has no data.
    ///
    /// # Source
    ///
    /// HTML Standard, [Interpreting an event stream][spec]: dispatching an event begins with the
    /// last event ID string.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Gets ready for the body of a new connection.
    ///
    /// The last event id and the options stay. What was read of an unfinished block is dropped,
    /// its id too, and so is an error.
    ///
    /// # Source
    ///
    /// HTML Standard, [Interpreting an event stream][spec], has each stream start with an empty
    /// id; browsers, and the tests that they share, carry the last one on to events without an id.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    pub fn reset(&mut self) {
        let last_event_id = mem::take(&mut self.last_event_id);
        *self = Self::with_limits(self.limits)
            .with_comments(self.comments)
            .with_last_event_id(last_event_id);
    }

    fn read(&mut self, input: &mut &[u8]) -> Result<Option<Ready>, DecodeError> {
        while let Some(&first) = input.first() {
            if mem::take(&mut self.after_cr) && first == b'\n' {
                // The LF of a CRLF: its line ended at the CR.
                *input = &input[1..];
                continue;
            }
            let ready = match self.line {
                Line::Mark(seen) => {
                    self.read_mark(seen, input);
                    None
                }
                Line::Name(name) if name.is_empty() && is_line_end(first) => {
                    self.take_line_end(input);
                    self.block.dispatch(&mut self.last_event_id)
                }
                Line::Name(name) => {
                    self.read_name(name, input)?;
                    None
                }
                Line::Colon(field) => {
                    if first == b' ' {
                        *input = &input[1..];
                    }
                    self.line = Line::Value(field);
                    None
                }
                Line::Value(_) | Line::Skip => self.read_value(input)?,
            };
            if ready.is_some() {
                return Ok(ready);
            }
        }
        Ok(None)
    }

    /// Skips one byte order mark. A part of one is the name of an unknown field.
    fn read_mark(&mut self, seen: usize, input: &mut &[u8]) {
        self.line = match (seen, input[0] == MARK[seen]) {
            (0, false) => Line::START,
            (_, false) => Line::Skip,
            (2, true) => Line::START,
            (_, true) => Line::Mark(seen + 1),
        };
        if input[0] == MARK[seen] {
            *input = &input[1..];
        }
    }

    fn read_name(&mut self, name: Name, input: &mut &[u8]) -> Result<(), DecodeError> {
        let window = &input[..input.len().min(name.undecided())];
        let end = window.iter().position(|&byte| byte == b':' || is_line_end(byte));
        let taken = end.unwrap_or(window.len());
        let name = name.extended(&window[..taken]);
        *input = &input[taken..];
        let Some(name) = name else {
            self.line = Line::Skip;
            return Ok(());
        };
        if end.is_none() {
            self.line = Line::Name(name);
            return Ok(());
        }
        let has_colon = input[0] == b':';
        *input = &input[usize::from(has_colon)..];
        self.line = match name.field() {
            Some(Field::Comment) if !self.comments => Line::Skip,
            Some(field) => {
                let line = name.len() + usize::from(has_colon);
                self.block.begin_line(field, line, &self.limits)?;
                if has_colon && field != Field::Comment {
                    Line::Colon(field)
                } else {
                    Line::Value(field)
                }
            }
            None => Line::Skip,
        };
        Ok(())
    }

    fn read_value(&mut self, input: &mut &[u8]) -> Result<Option<Ready>, DecodeError> {
        let end = memchr2(b'\r', b'\n', input);
        let (part, rest) = input.split_at(end.unwrap_or(input.len()));
        *input = rest;
        let mut kept = None;
        if let Line::Value(field) = self.line {
            if self.block.extend_line(field, part, &self.limits)? {
                kept = Some(field);
            } else {
                self.line = Line::Skip;
            }
        }
        if end.is_none() {
            return Ok(None);
        }
        self.take_line_end(input);
        Ok(kept.and_then(|field| self.block.end_line(field)))
    }

    fn take_line_end(&mut self, input: &mut &[u8]) {
        self.after_cr = input[0] == b'\r';
        *input = &input[1..];
        self.line = Line::START;
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\r' || byte == b'\n'
}

const MARK: [u8; 3] = *b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_nobody_wants_are_not_kept() {
        for endless in [":", "comment", ":c\n", "unknown: value\r", "datax\n", "retry: 9x\n", "\n"]
        {
            let mut decoder = Decoder::new();

            for _ in 0..1000 {
                assert_eq!(decoder.decode(&mut endless.as_bytes()), Ok(None));
            }

            assert_eq!(decoder.block.capacity(), 0, "{endless:?}");
        }
    }

    #[test]
    fn what_is_kept_stays_near_the_limits_whatever_the_stream() {
        let limits = Limits::default().with_line(1000).with_event(1000).with_name(100).with_id(100);
        for (head, endless) in [
            ("data:", "x"),
            ("event:", "x"),
            ("id:", "x"),
            (":", "x"),
            ("", "data\n"),
            ("", "data: \u{e9}\n"),
            ("", "event: name\nid: id\n:c\n"),
            ("", "event: name\nid: id\n:c\ndata: d\n\n"),
        ] {
            let mut decoder = Decoder::with_limits(limits).with_comments(true);
            assert_eq!(decoder.decode(&mut head.as_bytes()), Ok(None));

            for _ in 0..10_000 {
                let mut input = endless.as_bytes();
                while let Ok(Some(_)) = decoder.decode(&mut input) {}
            }

            let capacity = decoder.block.capacity();
            assert!(capacity <= 2 * 1000 + 100, "{capacity} bytes for {head}{endless}..");
        }
    }
}
