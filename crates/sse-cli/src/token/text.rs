use sse_access::{PasswordNameError, check_password_name};

/// A text that goes into a token.
pub(super) fn claim(text: &str) -> Result<String, ClaimError> {
    let is_fine = (1..=MAX_LEN).contains(&text.len()) && !text.contains(char::is_control);
    if is_fine { Ok(text.to_owned()) } else { Err(ClaimError) }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected 1 to {MAX_LEN} bytes without control characters")]
pub(super) struct ClaimError;

/// A name that can stand in a password file.
pub(super) fn name(text: &str) -> Result<String, PasswordNameError> {
    check_password_name(text).map(|()| text.to_owned())
}

/// Eight of them still fit into a token.
const MAX_LEN: usize = 512;
