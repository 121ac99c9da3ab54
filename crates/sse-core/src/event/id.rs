use std::borrow::Cow;

use crate::event::{FieldError, error::check, error::impl_conversions};

/// The value of an `id:` field: a text, or [`From`] an integer its decimal digits.
///
/// It holds neither CR nor LF nor NUL. The empty id is one: it makes the receiver forget the id
/// that it has, and send none when it reconnects.
///
/// Receivers send an id back in the header `Last-Event-ID`, so keep it well below 4 KiB, and to
/// printable ASCII without outer spaces: servers refuse long headers, outer spaces are lost in
/// one, and some receivers cannot send control characters.
///
/// ```
/// use sse_core::event::{EventId, FieldError};
///
/// const FIRST: EventId = EventId::from_static("1");
///
/// assert_eq!(EventId::new("1"), Ok(FIRST));
/// assert_eq!(EventId::from(1_u64), FIRST);
/// assert_eq!(
///     EventId::new("a\0b"),
///     Err(FieldError::Forbidden { field: "id", character: '\0', at: 1 }),
/// );
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventId(Cow<'static, str>);

impl EventId {
    /// Checks that `id` fits on one field line and that receivers will not ignore it.
    ///
    /// # Errors
    ///
    /// [`FieldError::Forbidden`] if `id` holds a CR, an LF or a NUL.
    ///
    /// # Source
    ///
    /// HTML Standard, [Interpreting an event stream][spec]: an `id` field with a NUL is ignored.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    pub fn new(id: impl Into<String>) -> Result<Self, FieldError> {
        let id = id.into();
        check("id", &id, FORBIDDEN)?;
        Ok(Self(Cow::Owned(id)))
    }

    /// An id from a literal; in a constant, a bad one does not compile.
    ///
    /// ```compile_fail
    /// const BAD: sse_core::event::EventId = sse_core::event::EventId::from_static("a\0b");
    /// # let _ = BAD;
    /// ```
    ///
    /// # Panics
    ///
    /// If `id` holds a CR, an LF or a NUL.
    pub const fn from_static(id: &'static str) -> Self {
        assert!(check("id", id, FORBIDDEN).is_ok(), "CR, LF or NUL in an event id");
        Self(Cow::Borrowed(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl_conversions!(EventId);

macro_rules! impl_from_number {
    ($($number:ty)+) => {$(
        impl From<$number> for EventId {
            /// The number in decimal digits.
            fn from(number: $number) -> Self {
                Self(Cow::Owned(number.to_string()))
            }
        }
    )+};
}

impl_from_number!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

const FORBIDDEN: &[u8] = b"\r\n\0";
