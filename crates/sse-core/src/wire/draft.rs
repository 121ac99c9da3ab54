use std::fmt::{self, Write};

use bytes::BufMut;

use super::Frame;
use crate::{
    Event,
    event::{EventId, EventName},
};

/// An event that is encoded but for its id, which is known last: nobody has to wait while it is
/// encoded, and it can be given a place afterwards.
#[derive(Debug)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    own_id: Option<EventId>,
}

impl Draft {
    /// The event `name` with `data`, with room for an id line of `room` bytes.
    pub(crate) fn new(name: &EventName, data: &str, room: usize) -> Self {
        let mut bytes = Vec::with_capacity(Event::len_of(Some(name), None, Some(data)) + room);
        Event::put_head(Some(name), None, &mut bytes);
        Event::put_data(data, &mut bytes);
        Self { bytes, own_id: None }
    }

    /// `event`, which may have brought an id.
    pub(crate) fn of(event: &Event, room: usize) -> Self {
        let (name, retry, data) = (event.name(), event.retry(), event.as_data());
        let mut bytes = Vec::with_capacity(Event::len_of(name, retry, data) + room);
        Event::put_head(name, retry, &mut bytes);
        if let Some(data) = data {
            Event::put_data(data, &mut bytes);
        }
        Self { bytes, own_id: event.id().cloned() }
    }

    /// What comes before the line of the id.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long the frame will be without an id line that it is given.
    pub(crate) fn len(&self) -> usize {
        let own_id = self.own_id.as_ref().map_or(0, |id| "id: \n".len() + id.as_str().len());
        self.bytes.len() + own_id + 1
    }

    /// The id that the event has brought.
    pub(crate) fn own_id(&self) -> Option<&EventId> {
        self.own_id.as_ref()
    }

    /// The whole frame, with `id` in its last line.
    pub(crate) fn finish(mut self, id: Option<&impl fmt::Display>) -> Frame {
        let id_at = self.bytes.len();
        if let Some(id) = id {
            put_id(&mut self.bytes, id);
        }
        self.bytes.push(b'\n');
        Frame::encoded(self.bytes.into(), id_at)
    }
}

/// Appends the line of `id`.
pub(super) fn put_id(frame: &mut Vec<u8>, id: &impl fmt::Display) {
    frame.put_slice(b"id: ");
    writeln!(Text(frame), "{id}").expect("memory takes all");
}

struct Text<'a>(&'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.put_slice(part.as_bytes());
        Ok(())
    }
}
