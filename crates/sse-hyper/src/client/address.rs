use std::{fmt::Write, net::Ipv6Addr, num::NonZeroU16};

use http::{
    Uri,
    uri::{Authority, Scheme},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{BuildError, authorization};

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

/// An address as it may be shown, or a text that is none: with `***` in place of what may be a user and a
/// password, which is all between the scheme and the last `@`.
///
/// ```
/// use sse_hyper::without_password;
///
/// assert_eq!(without_password("http://me:secret@a.example/"), "http://***@a.example/");
/// assert_eq!(without_password("me:secret@a.example"), "***@a.example");
/// assert_eq!(without_password("http://a.example/"), "http://a.example/");
/// ```
pub fn without_password(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else { return text.to_owned() };
    match before.split_once("://") {
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("{scheme}://***@{host}")
        }
        _ => format!("***@{host}"),
    }
}

/// Refuses at once what would fail at every attempt, `https` too if there is no TLS.
pub(super) fn check(uri: &Uri, has_tls: bool) -> Result<(), BuildError> {
    // `http` takes any text for a port, and has none then.
    let authority = uri.authority().map_or("", Authority::as_str);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = host.strip_prefix(uri.host().unwrap_or_default());
    let port = port.and_then(|port| port.strip_prefix(':')).unwrap_or_default();
    let is_port = port.is_empty() || port_of(port).is_some();
    let is_at = |text: &str| text.contains('@');
    // What looks like a port is a part of the password, and must not be shown.
    if !is_port && (is_at(uri.path()) || uri.query().is_some_and(is_at)) {
        return Err(BuildError::Password);
    }
    let is_spoken =
        uri.scheme() == Some(&Scheme::HTTP) || (has_tls && uri.scheme() == Some(&Scheme::HTTPS));
    if !is_spoken || !is_host(uri.host().unwrap_or_default()) {
        return Err(BuildError::Address { uri: authorization::with_hidden_user(uri.clone()) });
    }
    if is_port { Ok(()) } else { Err(BuildError::Port { port: port.to_owned() }) }
}

/// Why [`check`] refuses `uri`, though its port is one.
pub(super) fn refusal(uri: &Uri) -> String {
    let shown = without_password(&uri.to_string());
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        None => format!("the address {shown:?} does not begin with http:// or https://"),
        Some("http" | "https") if host.is_empty() => format!("there is no host in {shown:?}"),
        Some("http" | "https") if !is_host(host) => {
            format!("the host {host:?} is no address of IPv6, which has no zone here")
        }
        Some("https") => format!("{shown:?} cannot be reached: there is no TLS in this build"),
        Some(scheme) => format!("the scheme {scheme:?} of {shown:?} is neither http nor https"),
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        None => !host.is_empty(),
        Some(host) => host.strip_suffix(']').is_some_and(|host| host.parse::<Ipv6Addr>().is_ok()),
    }
}

/// The port that can be gone to at `text`. A sign is no part of it, though the standard library takes one.
pub(super) fn port_of(text: &str) -> Option<u16> {
    let port = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    port.map(NonZeroU16::get)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_left_out() {
        for (text, shown) in [
            ("http://a/b", "http://a/b"),
            ("http://me:pw@a:x/", "http://***@a:x/"),
            ("http://me:p/@w@a/", "http://***@a/"),
            ("me:pw@a", "***@a"),
            ("me:p://w@a", "***@a"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
