use std::{mem, time::Duration};

use memchr::memchr;

use crate::{DecodeError, EventRef, Item, Limits, wire::line::Field};

/// What is kept of the block that is being read, and of the last one that was dispatched.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Bytes of the current line, without the space after its colon.
    line: usize,
    comment: Text,
    data: Text,
    data_lines: usize,
    /// The value of the current `id` line: it counts only if no NUL follows.
    id: Vec<u8>,
    /// The id that the next blank line commits.
    pending_id: Option<Vec<u8>>,
    name: Text,
    retry: Option<u64>,
}

impl Block {
    /// Starts a line of `field` that is `line` bytes long so far.
    pub(super) fn begin_line(
        &mut self,
        field: Field,
        line: usize,
        limits: &Limits,
    ) -> Result<(), DecodeError> {
        if field != Field::Retry && line > limits.line {
            return Err(DecodeError::LineTooLong { limit: limits.line });
        }
        self.line = line;
        match field {
            Field::Comment => self.comment.clear(),
            Field::Data => self.begin_data(limits)?,
            Field::Event => self.name.clear(),
            Field::Id => self.id.clear(),
            Field::Retry => self.retry = None,
        }
        Ok(())
    }

    fn begin_data(&mut self, limits: &Limits) -> Result<(), DecodeError> {
        if self.data_lines >= limits.data_lines {
            return Err(DecodeError::TooManyDataLines { limit: limits.data_lines });
        }
        if self.data_lines == 0 {
            self.data.clear();
        } else if self.data.bytes.len() >= limits.event {
            return Err(DecodeError::EventTooLong { limit: limits.event });
        } else {
            self.data.bytes.push(b'\n');
        }
        self.data_lines += 1;
        Ok(())
    }

    /// Takes the next part of the value of `field`; `false` if the line is to be ignored.
    pub(super) fn extend_line(
        &mut self,
        field: Field,
        part: &[u8],
        limits: &Limits,
    ) -> Result<bool, DecodeError> {
        let (kept, limit, error) = match field {
            Field::Retry => return Ok(self.extend_retry(part)),
            Field::Comment => (&mut self.comment.bytes, usize::MAX, None),
            Field::Data => {
                let limit = limits.event;
                (&mut self.data.bytes, limit, Some(DecodeError::EventTooLong { limit }))
            }
            Field::Event => {
                let limit = limits.name;
                (&mut self.name.bytes, limit, Some(DecodeError::NameTooLong { limit }))
            }
            Field::Id => {
                let limit = limits.id;
                (&mut self.id, limit, Some(DecodeError::IdTooLong { limit }))
            }
        };
        let nul = if field == Field::Id { memchr(0, part) } else { None };
        let wanted = nul.unwrap_or(part.len());
        // Of the two limits, the one that a reader of single bytes passes first.
        let (room, line_room) = (limit - kept.len(), limits.line - self.line);
        if wanted > room.min(line_room) {
            let line_error = DecodeError::LineTooLong { limit: limits.line };
            return Err(error.filter(|_| room < line_room).unwrap_or(line_error));
        }
        if nul.is_some() {
            return Ok(false);
        }
        kept.extend_from_slice(part);
        self.line += part.len();
        Ok(true)
    }

    fn extend_retry(&mut self, part: &[u8]) -> bool {
        for byte in part {
            if !byte.is_ascii_digit() {
                return false;
            }
            let digit = u64::from(byte - b'0');
            let millis = self.retry.unwrap_or(0);
            self.retry = Some(millis.saturating_mul(10).saturating_add(digit));
        }
        true
    }

    /// Ends a line of `field`, whose value counts from here on.
    pub(super) fn end_line(&mut self, field: Field) -> Option<Ready> {
        match field {
            Field::Data | Field::Event => None,
            Field::Comment => {
                self.comment.finish();
                Some(Ready::Comment)
            }
            Field::Id => {
                mem::swap(self.pending_id.get_or_insert_default(), &mut self.id);
                None
            }
            Field::Retry => self.retry.map(|millis| Ready::Retry(Duration::from_millis(millis))),
        }
    }

    /// Ends the block: commits its id to `last_event_id`, and dispatches what it holds.
    pub(super) fn dispatch(&mut self, last_event_id: &mut String) -> Option<Ready> {
        if let Some(id) = self.pending_id.take() {
            self.id = mem::replace(last_event_id, repair(id)).into_bytes();
        }
        if mem::take(&mut self.data_lines) == 0 {
            self.name.clear();
            return None;
        }
        self.data.finish();
        self.name.finish();
        Some(Ready::Event)
    }

    /// The bytes that all buffers together take.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        let text = |text: &Text| text.bytes.capacity() + text.text.capacity();
        let pending_id = self.pending_id.as_ref().map_or(0, Vec::capacity);
        let texts = text(&self.comment) + text(&self.data) + text(&self.name);
        texts + self.id.capacity() + pending_id
    }

    /// Lends what just became ready.
    pub(super) fn lend<'a>(&'a self, ready: Ready, last_event_id: &'a str) -> Item<'a> {
        match ready {
            Ready::Comment => Item::Comment(&self.comment.text),
            Ready::Event => {
                let name = if self.name.text.is_empty() { "message" } else { &self.name.text };
                Item::Event(EventRef { name, data: &self.data.text, last_event_id })
            }
            Ready::Retry(time) => Item::Retry(time),
        }
    }
}

/// An [`Item`] that is complete and not yet lent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    Comment,
    Event,
    Retry(Duration),
}

/// Bytes while they are collected, then text while it is lent, in the same allocation.
#[derive(Debug, Default)]
struct Text {
    bytes: Vec<u8>,
    text: String,
}

impl Text {
    fn clear(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes = mem::take(&mut self.text).into_bytes();
        }
        self.bytes.clear();
    }

    fn finish(&mut self) {
        self.text = repair(mem::take(&mut self.bytes));
    }
}

/// Reads `bytes` as UTF-8, with U+FFFD for each maximal part that is not.
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][spec]: streams are always decoded as UTF-8. Decoding
/// field by field gives the same text, as no character spans a line end or a colon.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
fn repair(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
