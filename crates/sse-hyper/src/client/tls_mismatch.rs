use std::error::Error;

use super::chain::causes;

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
        causes(error).find_map(|error| {
            let mismatch = error.downcast_ref().copied();
            mismatch.or_else(|| is_no_tls(error).then_some(Self::NotSpoken))
        })
    }

    /// Whether a server that was sent HTTP and answers `page` says that it wants TLS.
    pub(super) fn is_said_in(page: &str) -> bool {
        SENTENCES.iter().any(|sentence| page.contains(sentence))
    }
}

/// A proxy and the address by which it was asked do not agree on TLS: what would be said of the server is
/// true of its proxy.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum ProxyMismatch {
    #[error("the proxy speaks TLS on its port: use https:// for it")]
    Spoken,
    /// A proxy passes on the page of a server as it does its own.
    #[error("the proxy, or the server behind it, speaks TLS on its port: use https:// for it")]
    SpokenByEither,
    #[cfg(feature = "tls")]
    #[error("the proxy does not speak TLS on its port: use http:// for it")]
    NotSpoken,
}

impl ProxyMismatch {
    /// The one that `error` comes from, if it does.
    pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error).find_map(|error| error.downcast_ref().copied())
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

/// What servers answer to plain HTTP on a port that speaks TLS, each in its own words. A page that only
/// mentions TLS is not one of these.
const SENTENCES: [&str; 6] = [
    // This crate's server.
    "this port speaks TLS: use https://",
    // nginx and what is made of it.
    "The plain HTTP request was sent to HTTPS port",
    // Go, and so Caddy and Traefik.
    "Client sent an HTTP request to an HTTPS server",
    // Apache httpd.
    "speaking plain HTTP to an SSL-enabled server port",
    // Apache Tomcat.
    "This combination of host and port requires TLS",
    // Cheroot, the server of CherryPy.
    "The client sent a plain HTTP request, but this server only speaks HTTPS on this port",
];

/// The length of the shortest page that is one of them.
pub(super) const SHORTEST_PAGE: usize = SENTENCES[0].len();
