#[cfg(feature = "compression")]
mod body;
#[cfg(feature = "compression")]
mod codec;

use http::{HeaderMap, header};

use super::TransportBody;

/// `body` without the codings that `headers` name.
///
/// # Source
///
/// RFC 9110, section 8.4: they were applied in the order in which they are named. Fetch Standard, [Handle content
/// codings][fetch]: what is no coding, such as `none` or `utf-8`, leaves the bytes as they are.
///
/// [fetch]: https://fetch.spec.whatwg.org/#handle-content-codings
pub(super) fn decoded(
    headers: &HeaderMap,
    body: TransportBody,
) -> Result<TransportBody, CodingError> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let names: Vec<_> = values
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase())
        .filter(|name| CODINGS.contains(&&**name))
        .collect();
    if MAX_CODINGS < names.len() {
        return Err(CodingError::TooMany { limit: MAX_CODINGS });
    }
    names.into_iter().rev().try_fold(body, decode)
}

#[cfg(feature = "compression")]
fn decode(body: TransportBody, name: String) -> Result<TransportBody, CodingError> {
    match codec::Codec::new(&name) {
        Some(codec) => Ok(TransportBody::new(body::DecodedBody::new(body, codec))),
        None => Err(CodingError::Lacking { name }),
    }
}

#[cfg(not(feature = "compression"))]
fn decode(_body: TransportBody, name: String) -> Result<TransportBody, CodingError> {
    Err(CodingError::Lacking { name })
}

/// Why the body of an answer cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum CodingError {
    #[error("its content coding {name} cannot be undone")]
    Lacking { name: String },
    #[error("more than {limit} content codings")]
    TooMany { limit: usize },
    #[cfg(feature = "compression")]
    #[error("the body is not what its content coding {name} makes")]
    Malformed { name: &'static str },
    #[cfg(feature = "compression")]
    #[error("the body ends before its content coding {name} does")]
    Truncated { name: &'static str },
}

#[cfg(feature = "compression")]
pub(super) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// The content codings that there are, but for `identity`: IANA, HTTP Content Coding Registry.
const CODINGS: [&str; 12] = [
    "aes128gcm",
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "exi",
    "gzip",
    "pack200-gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// Nobody applies three; each costs its window.
const MAX_CODINGS: usize = 2;
