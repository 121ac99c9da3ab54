use std::fmt::Write;

use super::Position;
use crate::{Event, event::EventName};

/// What a listener is told when it may have missed events: `event: sse.gap`.
///
/// ```
/// use sse_core::history::{Gap, GapReason};
///
/// fn is_worth_a_reload(gap: &Gap) -> bool {
///     gap.reason() != GapReason::Trimmed || gap.missed() != Some(0)
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gap {
    reason: GapReason,
    requested: Option<String>,
    missed: Option<u64>,
}

impl Gap {
    pub(crate) fn new(reason: GapReason, requested: &[u8], missed: Option<u64>) -> Self {
        let is_shown = !requested.is_empty() && requested.len() <= MAX_SHOWN;
        let requested = is_shown.then(|| String::from_utf8_lossy(requested).into_owned());
        Self { reason, requested, missed }
    }

    /// Why events may be missing.
    pub fn reason(&self) -> GapReason {
        self.reason
    }

    /// How many are missing, if that is known.
    pub fn missed(&self) -> Option<u64> {
        self.missed
    }

    /// The event that says so. With the position before what follows as its id, it is not said
    /// again to a client that is cut off right after it.
    pub(crate) fn event(&self, anchor: Option<Position>) -> Event {
        let mut data = format!(r#"{{"reason":"{}","requested":"#, self.reason.as_str());
        match &self.requested {
            Some(requested) => write_json(&mut data, requested),
            None => data.push_str("null"),
        }
        match self.missed {
            Some(missed) => write!(data, r#","missed":{missed}}}"#).expect("memory takes all"),
            None => data.push_str(r#","missed":null}"#),
        }
        let mut event = Event::data(data).with_name(EventName::from_static("sse.gap"));
        if let Some(anchor) = anchor {
            event = event.with_id(anchor.into());
        }
        event
    }
}

/// Why events may be missing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum GapReason {
    /// They are no longer kept.
    Trimmed,
    /// The client comes from another life of the channel, which this one does not continue.
    Diverged,
    /// The client's id is none that this hub gives.
    Unknown,
}

impl GapReason {
    /// The reason as the event has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trimmed => "trimmed",
            Self::Diverged => "diverged",
            Self::Unknown => "unknown",
        }
    }
}

/// Writes `text` as a JSON string, also where the feature `json` is off.
fn write_json(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\x1f' => {
                write!(out, "\\u{:04x}", u32::from(character)).expect("memory takes all");
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// The longest id that is repeated, in bytes.
const MAX_SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Epoch;

    #[test]
    fn a_gap_says_reason_request_and_number_in_one_block() {
        let anchor = Position::new(4, Epoch::new(0, 0));
        let gap = Gap::new(GapReason::Trimmed, b"2.k3f9x2q1", Some(2));

        let expected = format!(
            "event: sse.gap\ndata: {{\"reason\":\"trimmed\",\"requested\":\"2.k3f9x2q1\",\
             \"missed\":2}}\nid: {anchor}\n\n"
        );
        assert_eq!(gap.event(Some(anchor)).encode(), expected);
    }

    #[test]
    fn whatever_was_requested_is_one_line_of_json() {
        for (requested, expected) in [
            (&b"a\"\\b"[..], r#""a\"\\b""#),
            (b"a\r\nb\0", r#""a\u000d\u000ab\u0000""#),
            (b"\xff", "\"\u{fffd}\""),
            (&[b'x'; 65], "null"),
            (b"", "null"),
        ] {
            let gap = Gap::new(GapReason::Unknown, requested, None).event(None).encode();
            let expected = format!(
                "event: sse.gap\ndata: {{\"reason\":\"unknown\",\"requested\":{expected},\"missed\":null}}\n\n"
            );
            assert_eq!(gap, expected);
        }
    }
}
