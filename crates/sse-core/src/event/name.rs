use std::borrow::Cow;

use crate::event::{FieldError, error::check, error::impl_conversions};

/// The value of an `event:` field.
///
/// It holds neither CR nor LF; anything else is a name, the empty text too.
///
/// ```
/// use sse_core::event::{EventName, FieldError};
///
/// const READING: EventName = EventName::from_static("reading");
///
/// assert_eq!(EventName::new("reading"), Ok(READING));
/// assert_eq!(
///     EventName::new("a\nb"),
///     Err(FieldError::Forbidden { field: "event", character: '\n', at: 1 }),
/// );
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventName(Cow<'static, str>);

impl EventName {
    /// Checks that `name` fits on one field line.
    ///
    /// # Errors
    ///
    /// [`FieldError::Forbidden`] if `name` holds a CR or an LF.
    ///
    /// # Source
    ///
    /// HTML Standard, [Parsing an event stream][spec]: a field ends at the first line end.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    pub fn new(name: impl Into<String>) -> Result<Self, FieldError> {
        let name = name.into();
        check("event", &name, FORBIDDEN)?;
        Ok(Self(Cow::Owned(name)))
    }

    /// A name from a literal; in a constant, a bad one does not compile.
    ///
    /// ```compile_fail
    /// const BAD: sse_core::event::EventName = sse_core::event::EventName::from_static("a\nb");
    /// # let _ = BAD;
    /// ```
    ///
    /// # Panics
    ///
    /// If `name` holds a CR or an LF.
    pub const fn from_static(name: &'static str) -> Self {
        assert!(check("event", name, FORBIDDEN).is_ok(), "CR or LF in an event name");
        Self(Cow::Borrowed(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl_conversions!(EventName);

const FORBIDDEN: &[u8] = b"\r\n";
