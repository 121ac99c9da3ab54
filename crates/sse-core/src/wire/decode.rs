use std::mem;

use crate::{
    Item,
    wire::{
        DecodeError, EventRef, Limits, Overflow, block::Block, block::Lines, block::Ready,
        limits::Bounds, line::Field, line::Line, line::MARK, line::Name, line_ends::LineEnds,
    },
};

/// Turns the bytes of a `text/event-stream` into events, wherever the bytes are cut.
///
/// Call [`decode`](Self::decode) with each piece of the body until it returns `None`, then with
/// the next piece. At the end of the body there is nothing to call: what is not finished by a
/// blank line is no event, and [`Leftover`](crate::wire::Leftover) can tell it. [`reset`](Self::reset) makes the decoder ready for the next connection.
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
/// # Ok::<(), sse_core::wire::DecodeError>(())
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
    pub(super) limits: Limits,
    pub(super) bounds: Bounds,
    pub(super) line_ends: LineEnds,
    overflow: Overflow,
    pub(super) comments: bool,
    pub(super) last_event_id: String,
    pub(super) line: Line,
    pub(super) block: Block,
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
            bounds: Bounds::from(&limits),
            line_ends: LineEnds::new(),
            overflow: Overflow::Fail,
            comments: false,
            last_event_id: String::new(),
            line: Line::Mark(0),
            block: Block::default(),
        }
    }

    /// What to do when the stream passes one of the limits. Default: fail.
    #[must_use]
    pub fn with_overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
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
    /// The stream passed one of the [`Limits`], and [`Overflow::Drop`] was not asked for. It cannot
    /// be resumed: until [`reset`](Self::reset) every further call returns the same error.
    // The item is then never put together in memory: a third more owned events a second.
    #[inline(always)]
    pub fn decode<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'a>>, DecodeError> {
        if matches!(self.line, Line::Block) {
            if input.is_empty() {
                return Ok(None);
            }
            if let Some((name, data)) = self.scan_block(input) {
                let event = EventRef { name, data, last_event_id: &self.last_event_id };
                return Ok(Some(Item::Event(event)));
            }
            // There were comments, or the start of a long line.
            if input.is_empty() {
                return Ok(None);
            }
        }
        let ready = self.read(input)?;
        Ok(ready.map(|ready| self.block.lend(ready, &self.last_event_id)))
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

    /// Whether a block without an event has set the last event ID since this was asked last.
    pub(crate) fn take_lone_id(&mut self) -> bool {
        self.block.take_lone_id()
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
            .with_overflow(self.overflow)
            .with_comments(self.comments)
            .with_last_event_id(last_event_id);
    }

    fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Ready<'i>>, DecodeError> {
        loop {
            if matches!(self.line, Line::Start | Line::Block) && !self.block.is_dropped() {
                let ready = self.scan(input)?;
                if ready.is_some() {
                    return Ok(ready);
                }
            }
            let ready = self.step(input)?;
            if ready.is_some() || input.is_empty() {
                return Ok(ready);
            }
        }
    }

    /// Takes one more part of a line, of whatever bytes and wherever they are cut.
    fn step<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Ready<'i>>, DecodeError> {
        if let Line::Failed(failure) = self.line {
            return Err(failure);
        }
        let Some(&first) = input.first() else { return Ok(None) };
        match self.line {
            Line::Mark(seen) => self.read_mark(seen, input),
            Line::AfterCr => {
                *input = input.strip_prefix(b"\n").unwrap_or(input);
                self.line = Line::Start;
            }
            Line::Start | Line::Block if is_line_end(first) => {
                self.take_line_end(input);
                return Ok(self.block.dispatch(Lines::default(), &mut self.last_event_id));
            }
            Line::Start | Line::Block => return self.read_name(Name::EMPTY, input),
            Line::Name(name) => return self.read_name(name, input),
            Line::Colon(field) => {
                *input = input.strip_prefix(b" ").unwrap_or(input);
                self.line = Line::Value(field);
            }
            Line::Value(_) | Line::Skip | Line::Failed(_) => {
                let end = self.line_ends.find(input);
                return self.read_value(input, end);
            }
        }
        Ok(None)
    }

    /// Skips one byte order mark. A part of one is the name of an unknown field.
    fn read_mark(&mut self, seen: usize, input: &mut &[u8]) {
        self.line = match (seen, input[0] == MARK[seen]) {
            (0, false) => Line::Block,
            (_, false) => Line::Skip,
            (2, true) => Line::Block,
            (_, true) => Line::Mark(seen + 1),
        };
        if input[0] == MARK[seen] {
            *input = &input[1..];
        }
    }

    fn read_name<'i>(
        &mut self,
        name: Name,
        input: &mut &'i [u8],
    ) -> Result<Option<Ready<'i>>, DecodeError> {
        let window = &input[..input.len().min(name.undecided())];
        let end = window.iter().position(|&byte| byte == b':' || is_line_end(byte));
        let taken = end.unwrap_or(window.len());
        let name = name.extended(&window[..taken]);
        *input = &input[taken..];
        let Some(name) = name else {
            self.line = Line::Skip;
            return Ok(None);
        };
        if end.is_none() {
            self.line = Line::Name(name);
            return Ok(None);
        }
        let has_colon = input[0] == b':';
        *input = &input[usize::from(has_colon)..];
        self.line = match name.field() {
            Some(Field::Comment) if !self.comments => Line::Skip,
            Some(Field::Data | Field::Event) if self.block.is_dropped() => Line::Skip,
            Some(field) => {
                let line = name.len() + usize::from(has_colon);
                if let Err(error) = self.block.begin_line(field, line, &self.limits) {
                    return self.pass_limit(field, error);
                }
                if has_colon && field != Field::Comment {
                    Line::Colon(field)
                } else {
                    Line::Value(field)
                }
            }
            None => Line::Skip,
        };
        Ok(None)
    }

    /// Starts a line of `field`, whose first `line` bytes were taken, with all of `input`, in which
    /// it does not end.
    pub(super) fn begin_value<'i>(
        &mut self,
        field: Field,
        line: usize,
        input: &mut &'i [u8],
    ) -> Result<Option<Ready<'i>>, DecodeError> {
        if let Err(error) = self.block.begin_line(field, line, &self.limits) {
            return self.pass_limit(field, error);
        }
        self.line = Line::Value(field);
        self.read_value(input, None)
    }

    /// Takes the value up to `end`, or all of `input`.
    fn read_value<'i>(
        &mut self,
        input: &mut &'i [u8],
        end: Option<usize>,
    ) -> Result<Option<Ready<'i>>, DecodeError> {
        let (part, rest) = input.split_at(end.unwrap_or(input.len()));
        *input = rest;
        let mut kept = None;
        if let Line::Value(field) = self.line {
            match self.block.extend_line(field, part, &self.limits) {
                Ok(true) => kept = Some(field),
                Ok(false) => self.line = Line::Skip,
                Err(error) => return self.pass_limit(field, error),
            }
        }
        if end.is_none() {
            return Ok(None);
        }
        self.take_line_end(input);
        Ok(kept.and_then(|field| self.block.end_line(field)))
    }

    fn pass_limit<'i>(
        &mut self,
        field: Field,
        error: DecodeError,
    ) -> Result<Option<Ready<'i>>, DecodeError> {
        if self.overflow == Overflow::Fail {
            self.line = Line::Failed(error);
            return Err(error);
        }
        self.line = Line::Skip;
        if field == Field::Comment {
            return Ok(Some(Ready::Dropped(error)));
        }
        let is_news = !self.block.is_dropped();
        self.block.drop_event();
        Ok(is_news.then_some(Ready::Dropped(error)))
    }

    fn take_line_end(&mut self, input: &mut &[u8]) {
        self.line = if input[0] == b'\r' { Line::AfterCr } else { Line::Start };
        *input = &input[1..];
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
