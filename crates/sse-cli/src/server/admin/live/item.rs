use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use sse_core::{Decoder, Item as Decoded, wire::Frame};

/// A line of what is shown of a channel. Times are milliseconds since the beginning of 1970.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Item {
    /// An event, of whose data only the beginning is told if it is long.
    Event { time: u64, id: String, name: String, data: String, length: usize, is_cut: bool },
    /// So many events came faster than anybody reads.
    Skipped { time: u64, count: u64 },
    /// So many events came faster than this stream was read.
    Missed { time: u64, count: u64 },
    /// While nobody watched, so many events were published, if that is known.
    Away { time: u64, count: Option<u64> },
    /// The channel has ended.
    Closed { time: u64 },
    /// A listener has come to a channel that had none.
    FirstListener { time: u64 },
    /// The last listener has left.
    LastListener { time: u64 },
    /// A listener came back and was told of a gap.
    Gap { time: u64, reason: &'static str, missed: Option<u64> },
    /// Listeners fell out of the log.
    Overrun { time: u64, listeners: usize },
}

impl Item {
    /// The event that is encoded in `frame`, published at `at`.
    pub(super) fn event(frame: &Frame, at: Instant) -> Self {
        let (mut decoder, mut bytes) = (Decoder::new(), &frame.as_bytes()[..]);
        let (id, name, data) = match decoder.decode(&mut bytes) {
            Ok(Some(Decoded::Event(event))) => {
                (event.last_event_id().to_owned(), event.name().to_owned(), event.data())
            }
            // It is longer than a decoder takes.
            _ => (String::new(), String::new(), ""),
        };
        let (length, end) = (data.len(), shown_of(data));
        let data = data[..end].to_owned();
        Self::Event { time: unix_time(at), id, name, data, length, is_cut: end < length }
    }
}

/// How many bytes of `data` are told.
fn shown_of(data: &str) -> usize {
    let mut ends = (0..=MAX_DATA.min(data.len())).rev();
    ends.find(|&end| data.is_char_boundary(end)).unwrap_or(0)
}

/// When `at` was, in milliseconds since the beginning of 1970.
pub(super) fn unix_time(at: Instant) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(at.elapsed()).as_millis() as u64
}

/// As much data of an event as is shown, in bytes.
const MAX_DATA: usize = 2048;
