use std::{mem, time::Duration};

use memchr::memchr;

use crate::{
    Item,
    wire::{
        DecodeError, EventRef, Limits, item::MESSAGE, limits::Bounds, line::DATA, line::Field,
        line::line_end_width, line::value_of, line_ends::LineEnds, text::Text, utf8,
    },
};

/// What is kept of the block that is being read, and of the last one that was dispatched.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Bytes of the current line, without the space after its colon.
    line: usize,
    comment: Text,
    data: Text,
    data_lines: usize,
    /// The value of the current `id` line: it counts only if no NUL follows.
    id: Text,
    /// The id that the next blank line commits.
    pending_id: Option<Text>,
    name: Text,
    retry: Option<u64>,
    /// Whether the event passed a limit and is not to be dispatched.
    is_dropped: bool,
    /// Whether a block without an event has set the last event ID.
    has_lone_id: bool,
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
        } else if self.data.len() >= limits.event {
            return Err(DecodeError::EventTooLong { limit: limits.event });
        } else {
            self.data.push(b"\n");
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
            Field::Comment => (&mut self.comment, usize::MAX, None),
            Field::Data => {
                let limit = limits.event;
                (&mut self.data, limit, Some(DecodeError::EventTooLong { limit }))
            }
            Field::Event => {
                let limit = limits.name;
                (&mut self.name, limit, Some(DecodeError::NameTooLong { limit }))
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
        kept.push(part);
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
    pub(super) fn end_line(&mut self, field: Field) -> Option<Ready<'static>> {
        match field {
            Field::Data | Field::Event => None,
            Field::Comment => Some(Ready::Comment),
            Field::Id => {
                mem::swap(self.pending_id.get_or_insert_default(), &mut self.id);
                None
            }
            Field::Retry => self.retry.map(|millis| Ready::Retry(Duration::from_millis(millis))),
        }
    }

    /// Takes lines of data from the start of `rest`, behind the one that was taken or is `first`, as
    /// long as they are whole and within the limits.
    pub(super) fn join_lines<'i>(
        &mut self,
        first: Option<&[u8]>,
        mut rest: &'i [u8],
        limits: &Limits,
        bounds: &Bounds,
        line_ends: &LineEnds,
    ) -> &'i [u8] {
        if let Some(first) = first {
            self.set_data(first);
        }
        // Each line with its LF in one copy, and the last LF taken back.
        let mut room = limits.event - self.data.len();
        let lines = &mut self.data_lines;
        self.data.append(|data| {
            data.push(b'\n');
            while let Some(value) = value_of(rest, DATA)
                && let Some(end) = line_ends.find(value)
                && end < room
                && end < bounds.data
                && *lines < limits.data_lines
            {
                if value[end] == b'\n' {
                    data.extend_from_slice(&value[..=end]);
                    rest = &value[end + 1..];
                } else if let Some(width) = line_end_width(&value[end..]) {
                    data.extend_from_slice(&value[..end]);
                    data.push(b'\n');
                    rest = &value[end + width..];
                } else {
                    break;
                }
                *lines += 1;
                room -= end + 1;
            }
            data.pop();
        });
        rest
    }

    /// Copies whole lines that so far were only lent.
    pub(super) fn keep(&mut self, lines: Lines<'_>) {
        if let Some(data) = lines.data {
            self.set_data(data);
        }
        if let Some(name) = lines.name {
            self.name.set(name);
        }
        if let Some(id) = lines.id {
            self.pending_id.get_or_insert_default().set(id);
        }
    }

    fn set_data(&mut self, data: &[u8]) {
        self.data.set(data);
        self.data_lines = 1;
    }

    pub(super) fn has_data(&self) -> bool {
        self.data_lines != 0
    }

    /// Forgets the event, and what else belongs to it until its blank line.
    pub(super) fn drop_event(&mut self) {
        self.is_dropped = true;
        self.data_lines = 0;
        self.data.clear();
        self.name.clear();
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.is_dropped
    }

    /// Ends the block, whose last lines were not copied: commits its id to `last_event_id`, and
    /// dispatches what it holds.
    #[inline]
    pub(super) fn dispatch<'i>(
        &mut self,
        lines: Lines<'i>,
        last_event_id: &mut String,
    ) -> Option<Ready<'i>> {
        let has_id = lines.id.is_some() || self.pending_id.is_some();
        if let Some(id) = lines.id {
            self.pending_id = None;
            last_event_id.clear();
            match utf8::text(id) {
                Some(id) => last_event_id.push_str(id),
                None => last_event_id.push_str(&String::from_utf8_lossy(id)),
            }
        } else if self.pending_id.is_some() {
            self.commit_pending_id(last_event_id);
        }
        if let Some(data) = lines.data
            && let Some(data) = utf8::text(data)
        {
            let name = self.dispatch_name(lines.name);
            return Some(Ready::Event { name, data: Some(data) });
        }
        let ready = self.dispatch_own(lines);
        self.has_lone_id |= has_id && ready.is_none();
        ready
    }

    /// Whether a block without an event has set the last event ID since this was asked last.
    pub(super) fn take_lone_id(&mut self) -> bool {
        mem::take(&mut self.has_lone_id)
    }

    fn commit_pending_id(&mut self, last_event_id: &mut String) {
        if let Some(mut id) = self.pending_id.take() {
            last_event_id.clear();
            last_event_id.push_str(id.lend());
            self.id = id;
        }
    }

    fn dispatch_own<'i>(&mut self, lines: Lines<'i>) -> Option<Ready<'i>> {
        if let Some(data) = lines.data {
            self.set_data(data);
        }
        let is_dropped = mem::take(&mut self.is_dropped);
        if mem::take(&mut self.data_lines) == 0 || is_dropped {
            self.name.clear();
            return None;
        }
        Some(Ready::Event { name: self.dispatch_name(lines.name), data: None })
    }

    #[inline]
    fn dispatch_name<'i>(&mut self, line: Option<&'i [u8]>) -> Option<&'i str> {
        let name = match line {
            Some(name) => {
                self.name.clear();
                name
            }
            None if self.name.is_empty() => return Some(MESSAGE),
            None => return None,
        };
        match utf8::text(name) {
            Some("") => Some(MESSAGE),
            Some(name) => Some(name),
            None => {
                self.name.set(name);
                None
            }
        }
    }

    /// The bytes that all buffers together take.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        let texts = [&self.comment, &self.data, &self.name, &self.id];
        texts.into_iter().chain(&self.pending_id).map(Text::capacity).sum()
    }

    /// Lends what just became ready.
    #[inline]
    pub(super) fn lend<'a>(&'a mut self, ready: Ready<'a>, last_event_id: &'a str) -> Item<'a> {
        match ready {
            Ready::Comment => Item::Comment(self.comment.lend()),
            Ready::Event { name, data } => {
                let name = name.unwrap_or_else(|| self.name.lend());
                let data = data.unwrap_or_else(|| self.data.lend());
                Item::Event(EventRef { name, data, last_event_id })
            }
            Ready::Retry(time) => Item::Retry(time),
            Ready::Dropped(error) => Item::Dropped(error),
        }
    }
}

/// Whole lines of a block that lie in one chunk, and were not copied.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines<'i> {
    /// The only one so far.
    pub(super) data: Option<&'i [u8]>,
    /// The last one, which counts.
    pub(super) name: Option<&'i [u8]>,
    /// The last one, without NUL.
    pub(super) id: Option<&'i [u8]>,
}

impl Lines<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_none() && self.name.is_none() && self.id.is_none()
    }
}

/// An [`Item`] that is complete and not yet lent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready<'i> {
    Comment,
    /// What is not in the chunk is in the block.
    Event {
        name: Option<&'i str>,
        data: Option<&'i str>,
    },
    Retry(Duration),
    Dropped(DecodeError),
}
