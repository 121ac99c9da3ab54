use std::fmt;

use http::HeaderValue;

/// The value of a header out of digits, letters and other visible ASCII.
pub(super) fn text(value: impl fmt::Display) -> HeaderValue {
    HeaderValue::try_from(value.to_string()).expect("visible ASCII fits in a header")
}
