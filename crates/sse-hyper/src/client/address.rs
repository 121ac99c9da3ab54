use std::fmt::Write;

use http::{
    Uri,
    uri::{Authority, Scheme},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::BuildError;

/// The address of `/{action}/{token}` behind `base`, which may have a path of its own.
///
/// ```
/// let base = "http://127.0.0.1:8888/events".parse()?;
/// let uri = sse_hyper::channel_uri(&base, "poll", "42:42 a/b")?;
/// assert_eq!(uri, "http://127.0.0.1:8888/events/poll/42:42%20a%2Fb");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If `base` has a host but no scheme, or what comes out is too long for an address.
///
/// # Source
///
/// RFC 3986, section 3.3: what a path segment may hold as it is.
pub fn channel_uri(base: &Uri, action: &str, token: &str) -> Result<Uri, http::Error> {
    let mut path = base.path().trim_end_matches('/').to_owned();
    for segment in [action, token] {
        let segment = utf8_percent_encode(segment, TO_ENCODE);
        write!(path, "/{segment}").expect("a string takes everything");
    }
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path.parse()?);
    Ok(Uri::from_parts(parts)?)
}

/// Refuses at once what would fail at every attempt.
pub(super) fn check(uri: &Uri, is_https: bool) -> Result<(), BuildError> {
    let is_http = uri.scheme() == Some(&Scheme::HTTP);
    if (is_http || is_https) && uri.host().is_some_and(|host| !host.is_empty()) {
        check_port(uri)
    } else {
        Err(BuildError::Address { uri: uri.clone() })
    }
}

/// Refuses a port that is none: `http` takes any text, and has no port for it then.
pub(super) fn check_port(uri: &Uri) -> Result<(), BuildError> {
    let authority = uri.authority().map_or("", Authority::as_str);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = host.strip_prefix(uri.host().unwrap_or_default());
    match port.and_then(|port| port.strip_prefix(':')) {
        Some(port) if !port.is_empty() && port.parse::<u16>().is_err() => {
            Err(BuildError::Port { port: port.to_owned() })
        }
        _ => Ok(()),
    }
}

const TO_ENCODE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
