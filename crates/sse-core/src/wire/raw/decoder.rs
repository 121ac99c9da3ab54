use std::mem;

use memchr::memchr2;

use crate::wire::{DecodeError, Limits, line::MARK, raw::BlockRef, utf8};

/// Turns the bytes of a `text/event-stream` into blocks of fields, wherever the bytes are cut.
///
/// A [`Decoder`](crate::Decoder) gives what a browser sees; this gives what the peer wrote: every
/// field in its order, unknown ones and comments too, blocks without data, and no id that comes from
/// a block before. Proxies need that, and protocols that give a block without data a meaning.
///
/// Of the [`Limits`], `line` holds for every line and `event` for all lines of a block, each with
/// one byte for its end; the others do not apply.
///
/// ```
/// use sse_core::wire::BlockDecoder;
///
/// let mut decoder = BlockDecoder::new();
/// let mut input = &b"id: 7\ndata:\n\n: hello\nx-trace: 1\n\n"[..];
///
/// let block = decoder.decode(&mut input)?.expect("it is whole");
/// assert_eq!((block.id(), block.data().as_deref()), (Some("7"), Some("")));
/// let block = decoder.decode(&mut input)?.expect("it is whole");
/// assert_eq!(block.fields().collect::<Vec<_>>(), [("", " hello"), ("x-trace", "1")]);
/// assert_eq!((block.id(), block.data()), (None, None));
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][parsing]: a stream is a series of blocks of comments
/// and fields, each ended by a blank line.
///
/// [parsing]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Debug, Default)]
pub struct BlockDecoder {
    limits: Limits,
    /// How many bytes of a byte order mark came, or that the stream is past it.
    mark: Option<usize>,
    after_cr: bool,
    /// What came of the block in earlier chunks, or the block that was lent last.
    held: Vec<u8>,
    is_lent: bool,
    /// The block that was lent last, where its bytes were not UTF-8.
    repaired: String,
    /// Bytes of the lines of the block that have an end.
    lines: usize,
    /// Bytes of the line that has none.
    line: usize,
    failure: Option<DecodeError>,
}

impl BlockDecoder {
    /// A decoder with the default [`Limits`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that holds no more than `limits`.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes bytes from the front of `input` up to the end of the next block.
    ///
    /// `None` means that all of `input` was taken and more is needed. A block that lies in one
    /// `input` is lent from there.
    ///
    /// # Errors
    ///
    /// The stream passed one of the [`Limits`]. It cannot be resumed: until
    /// [`reset`](Self::reset) every further call returns the same error.
    pub fn decode<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<BlockRef<'a>>, DecodeError> {
        if mem::take(&mut self.is_lent) {
            self.held.clear();
        }
        let bytes = match self.read(input)? {
            None => return Ok(None),
            Some(lines) if self.held.is_empty() => lines,
            Some(lines) => {
                self.held.extend_from_slice(lines);
                self.is_lent = true;
                &self.held
            }
        };
        let text = match utf8::text(bytes) {
            Some(text) => text,
            None => {
                self.repaired = String::from_utf8_lossy(bytes).into_owned();
                &self.repaired
            }
        };
        Ok(Some(BlockRef::new(text)))
    }

    /// Gets ready for the body of a new connection. Only the limits stay.
    pub fn reset(&mut self) {
        *self = Self::with_limits(self.limits);
    }

    /// The lines in `input` that end the block; what came before them is held.
    fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, DecodeError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.skip_mark(input)?;
        if !input.is_empty()
            && mem::take(&mut self.after_cr)
            && let Some(rest) = input.strip_prefix(b"\n")
        {
            *input = rest;
            if self.lines != 0 {
                self.held.push(b'\n');
            }
        }
        let mut block = *input;
        let mut at = 0;
        while let Some(len) = memchr2(b'\n', b'\r', &block[at..]) {
            self.extend_line(len)?;
            let end = at + len;
            let next = end + self.line_end(&block[end..]);
            if self.line == 0 {
                if self.lines != 0 {
                    self.lines = 0;
                    *input = &block[next..];
                    return Ok(Some(&block[..at]));
                }
                block = &block[next..];
                at = 0;
            } else {
                self.end_line()?;
                at = next;
            }
        }
        self.extend_line(block.len() - at)?;
        self.held.extend_from_slice(block);
        *input = &[];
        Ok(None)
    }

    fn skip_mark(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        while let (Some(seen), Some(first)) = (self.mark_seen(), input.first()) {
            if *first == MARK[seen] {
                *input = &input[1..];
                self.mark = Some(seen + 1);
            } else {
                // It was the start of a line.
                self.held.extend_from_slice(&MARK[..seen]);
                self.mark = Some(MARK.len());
                self.extend_line(seen)?;
            }
        }
        Ok(())
    }

    fn mark_seen(&self) -> Option<usize> {
        Some(self.mark.unwrap_or_default()).filter(|seen| *seen < MARK.len())
    }

    fn extend_line(&mut self, len: usize) -> Result<(), DecodeError> {
        let line_room = self.limits.line.saturating_sub(self.line);
        let room = self.limits.event.saturating_sub(self.lines + self.line);
        if len <= line_room.min(room) {
            self.line += len;
            return Ok(());
        }
        self.fail(room < line_room)
    }

    fn end_line(&mut self) -> Result<(), DecodeError> {
        self.lines += mem::take(&mut self.line) + 1;
        if self.lines <= self.limits.event { Ok(()) } else { self.fail(true) }
    }

    fn fail(&mut self, event: bool) -> Result<(), DecodeError> {
        let error = if event {
            DecodeError::EventTooLong { limit: self.limits.event }
        } else {
            DecodeError::LineTooLong { limit: self.limits.line }
        };
        self.failure = Some(error);
        Err(error)
    }

    /// How long the line end at the start of `rest` is, as far as it is here.
    fn line_end(&mut self, rest: &[u8]) -> usize {
        self.after_cr = rest == b"\r";
        if rest.starts_with(b"\r\n") { 2 } else { 1 }
    }
}
