use http::HeaderValue;
use serde_json::value::RawValue;

use super::{Format, FormatError, utf8};

/// The body as one JSON value on one line.
///
/// Only insignificant white space is removed: the order of keys, the text of numbers, escapes and
/// duplicate keys stay as they came.
///
/// ```
/// use sse_core::format::{Format, FormatError, JsonFormat};
///
/// assert_eq!(JsonFormat.data(b"{ \"b\": 1.0,\n  \"a\": \"x y\" }")?, r#"{"b":1.0,"a":"x y"}"#);
/// assert!(matches!(JsonFormat.data(b"NaN"), Err(FormatError::NotJson { .. })));
/// # Ok::<(), FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for a function, without state")]
pub struct JsonFormat;

impl Format for JsonFormat {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/json")
    }

    fn data(&self, body: &[u8]) -> Result<String, FormatError> {
        // A `RawValue` is checked but not built, so nothing in it can change.
        let value: &RawValue = serde_json::from_str(utf8(body)?)
            .map_err(|error| FormatError::NotJson { reason: error.to_string() })?;
        Ok(without_white_space(value.get()))
    }

    fn takes_batches(&self) -> bool {
        true
    }
}

/// Removes the white space outside the strings of `json`, which is known to be valid.
fn without_white_space(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(['"', ' ', '\t', '\n', '\r']) {
        let end = if rest[at..].starts_with('"') { string_end(rest, at) } else { at };
        kept.push_str(&rest[..end]);
        rest = if end == at { &rest[at + 1..] } else { &rest[end..] };
    }
    kept + rest
}

/// Where the string that opens at `open` is over.
fn string_end(json: &str, open: usize) -> usize {
    let mut escaped = false;
    let close = json.as_bytes()[open + 1..].iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    close.map_or(json.len(), |at| open + 1 + at + 1)
}
