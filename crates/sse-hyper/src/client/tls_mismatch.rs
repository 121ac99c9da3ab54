use std::{error::Error, io};

/// A server and the address by which it was asked do not agree on TLS.
///
/// ```
/// use sse_hyper::{Interrupted, TlsMismatch};
///
/// fn advice(interrupted: &Interrupted) -> &'static str {
///     match interrupted.tls_mismatch() {
///         Some(TlsMismatch::Spoken) => "try https://",
///         Some(TlsMismatch::NotSpoken) => "try http://",
///         _ => "try again later",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsMismatch {
    /// The address begins with `http://`, and the server speaks TLS there.
    #[error("the server speaks TLS on this port: use https://")]
    Spoken,
    /// The address begins with `https://`, and the server does not speak TLS there.
    #[error("the server does not speak TLS on this port: use http://")]
    NotSpoken,
}

impl TlsMismatch {
    /// The one that `error` comes from, if it does.
    pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(&mismatch) = error.downcast_ref() {
                return Some(mismatch);
            }
            if is_no_tls(error) {
                return Some(Self::NotSpoken);
            }
            // An error of I/O passes over the one that it was made of.
            let inner = error.downcast_ref().and_then(io::Error::get_ref);
            next = inner.map(|inner| inner as _).or_else(|| error.source());
        }
        None
    }

    /// Whether a server that was sent HTTP and answers `body` says that it wants TLS. Each says it in
    /// its own words.
    pub(super) fn is_said_in(body: &str) -> bool {
        let body = body.to_ascii_lowercase();
        ["https", "tls", "ssl"].iter().any(|name| body.contains(name))
    }
}

/// Whether rustls got something that begins like no record of TLS.
#[cfg(feature = "tls")]
fn is_no_tls(error: &(dyn Error + 'static)) -> bool {
    use rustls::{Error::InvalidMessage, InvalidMessage::InvalidContentType};

    matches!(error.downcast_ref(), Some(InvalidMessage(InvalidContentType)))
}

#[cfg(not(feature = "tls"))]
fn is_no_tls(_error: &(dyn Error + 'static)) -> bool {
    false
}
