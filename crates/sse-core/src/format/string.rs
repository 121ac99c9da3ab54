use http::HeaderValue;

use super::{Format, FormatError, utf8};

/// The body as text, one `data:` line a line.
///
/// ```
/// use sse_core::{
///     StringFormat,
///     format::{Format, FormatError},
/// };
///
/// assert_eq!(StringFormat.data(b"21.5\n22.0")?, "21.5\n22.0");
/// assert_eq!(StringFormat.data(b"21\xFF"), Err(FormatError::NotUtf8 { at: 2 }));
/// # Ok::<(), FormatError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for a function, without state")]
pub struct StringFormat;

impl Format for StringFormat {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/plain")
    }

    fn data(&self, body: &[u8]) -> Result<String, FormatError> {
        utf8(body).map(str::to_owned)
    }
}
