use std::fmt;

use sse_hyper::TlsMismatch;

/// What is `said`, with the option that mends it if server and command disagree on TLS.
pub(crate) fn with_option(said: impl fmt::Display, mismatch: Option<TlsMismatch>) -> String {
    match mismatch {
        Some(TlsMismatch::Spoken) => format!("{said} (-S)"),
        Some(TlsMismatch::NotSpoken) => format!("{said} (leave out -S)"),
        _ => said.to_string(),
    }
}
