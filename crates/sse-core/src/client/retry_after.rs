use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, header};

/// When a server that refuses wants to be asked again.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sse_core::client::RetryAfter;
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
/// let date = RetryAfter::parse(b"Sun, 06 Nov 1994 08:49:37 GMT").expect("a date of RFC 9110");
/// assert_eq!(date.wait(now), Duration::from_secs(7));
/// assert_eq!(RetryAfter::parse(b"120"), Some(RetryAfter::Delay(Duration::from_secs(120))));
/// assert_eq!(RetryAfter::parse(b"soon"), None);
/// ```
///
/// # Source
///
/// RFC 9110, section 10.2.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two forms")]
pub enum RetryAfter {
    /// After a time.
    Delay(Duration),
    /// At a moment of the wall clock.
    Date(SystemTime),
}

impl RetryAfter {
    /// The meaning of a header's value, if it has one.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim_ascii();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // Digits that do not fit mean very long, not nothing.
            return Some(Self::Delay(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
        }
        httpdate::parse_http_date(text).ok().map(Self::Date)
    }

    /// How long to wait when the wall clock shows `now`; nothing for a date that has passed. It may be longer
    /// than an `Instant` can say.
    pub fn wait(self, now: SystemTime) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Date(date) => date.duration_since(now).unwrap_or_default(),
        }
    }

    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(header::RETRY_AFTER)?.as_bytes())
    }
}

/// The value of the header.
impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => delay.as_secs().fmt(f),
            // What the format cannot say was not read from a header; it is no reason to panic.
            Self::Date(date) => {
                let last = SystemTime::UNIX_EPOCH + LAST_DATE;
                httpdate::HttpDate::from((*date).clamp(SystemTime::UNIX_EPOCH, last)).fmt(f)
            }
        }
    }
}

/// The end of the year 9999.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);
