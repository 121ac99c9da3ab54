use std::time::Duration;

use crate::{format::FormatError, refused::shown};

/// The reconnection time that the body of a retry action asks for.
pub(crate) fn parse_retry(body: &[u8]) -> Result<Duration, FormatError> {
    let digits = body.trim_ascii();
    let refused = || FormatError::NotRetry { value: shown(digits) };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(refused());
    }
    let millis = str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
    millis.map(|millis| Duration::from_millis(millis.into())).ok_or_else(refused)
}
