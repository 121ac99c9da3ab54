use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;

use http::{HeaderValue, Version, header, request::Parts};

/// A host and port as a request names them, or an origin does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Authority {
    /// In lower case, without a final dot; an IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Authority {
    /// The host that a request is for, checked as HTTP demands it.
    ///
    /// `None` where a request may do without: in HTTP/1.0 and in HTTP/2.
    ///
    /// # Source
    ///
    /// RFC 9112, [Request Target][spec] and [Host and :authority][host] of RFC 9110: an authority in the
    /// target comes before `Host`, and a request of HTTP/1.1 has exactly one `Host` all the same.
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc9112.html#name-request-target
    /// [host]: https://www.rfc-editor.org/rfc/rfc9110.html#name-host-and-authority
    pub(super) fn of(parts: &Parts) -> Result<Option<Self>, HostError> {
        let mut fields = parts.headers.get_all(header::HOST).iter();
        let field = fields.next();
        if fields.next().is_some() {
            return Err(HostError::Many);
        }
        if field.is_none() && parts.version == Version::HTTP_11 {
            return Err(HostError::Missing);
        }
        let invalid = |value: &[u8]| HostError::Invalid {
            value: String::from_utf8_lossy(value).chars().take(SHOWN).collect(),
        };
        let parse = |value: &[u8]| Self::parse(value).ok_or_else(|| invalid(value));
        let field = field.map(HeaderValue::as_bytes).map(parse).transpose()?;
        let target = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
        Ok(target.map(parse).transpose()?.or(field))
    }

    /// `host`, `host:port`, `[::1]:port` and what else may stand in `Host`.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let text = str::from_utf8(value).ok()?;
        let (host, port) = match text.rfind(':') {
            Some(colon) if !text[colon..].contains(']') => (&text[..colon], &text[colon + 1..]),
            _ => (text, ""),
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => is_registered_name(host),
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        (is_host && !host.is_empty()).then(|| Self { host: host.to_ascii_lowercase(), port })
    }

    fn is_loopback(&self) -> bool {
        let address = self.host.parse::<Ipv4Addr>();
        let bracketed = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        self.host == LOCALHOST
            || self.host.strip_suffix(LOCALHOST).is_some_and(|before| before.ends_with('.'))
            || address.is_ok_and(|address| address.is_loopback())
            || bracketed
                .and_then(|address| address.parse::<Ipv6Addr>().ok())
                .is_some_and(|address| address.is_loopback())
    }
}

/// Why a request names no host that could be served.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum HostError {
    #[error("Host is missing")]
    Missing,
    #[error("Host is given more than once")]
    Many,
    #[error("Host is not valid: {value:?}")]
    Invalid { value: String },
}

/// The hosts under which a server may be asked.
///
/// A page of another site cannot read what this server answers, unless its own name resolves to this
/// server's address (DNS rebinding): then the browser takes both for one. What it cannot do is to name
/// another host than its own. Ports and a final dot do not count, nor does case.
///
/// ```
/// use sse_core::{GatewayConfig, Hosts};
///
/// let hosts = Hosts::loopback().with_host("events.example")?.with_host("*.app.example")?;
/// let config = GatewayConfig::default().with_hosts(hosts);
///
/// let error = Hosts::default().with_host("https://app.example/").unwrap_err();
/// assert!(error.to_string().contains("https://app.example/"));
/// # Ok::<(), sse_core::HostsError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hosts {
    loopback: bool,
    names: Vec<String>,
    /// What is allowed below names, each with its dot before it.
    domains: Vec<String>,
}

impl Hosts {
    /// `localhost` and the names below it, 127.0.0.0/8, `[::1]`: what reaches a server that is bound to
    /// a loopback address.
    #[must_use]
    pub fn loopback() -> Self {
        Self { loopback: true, ..Self::default() }
    }

    /// Allows `host` too: a name, an address, or `*.` and a name for all that is below it.
    ///
    /// # Errors
    ///
    /// [`HostsError`] if no request can name such a host.
    pub fn with_host(mut self, host: &str) -> Result<Self, HostsError> {
        let (name, below) = match host.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (host, false),
        };
        let is_bare = name.parse::<Ipv6Addr>().is_ok();
        let name = if is_bare { format!("[{name}]") } else { name.to_owned() };
        let named = Authority::parse(name.as_bytes()).filter(|_| !name.contains('*'));
        let Some(Authority { host: name, .. }) = named else {
            return Err(HostsError { host: host.to_owned() });
        };
        if below {
            self.domains.push(format!(".{name}"));
        } else {
            self.names.push(name);
        }
        Ok(self)
    }

    pub(super) fn allow(&self, authority: &Authority) -> bool {
        let host = &authority.host;
        self.loopback && authority.is_loopback()
            || self.names.contains(host)
            || self.domains.iter().any(|domain| host.ends_with(domain))
    }
}

/// A host that no request can name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{host:?} is no host: a name, an IP address, or `*.` and a name, without scheme and path")]
pub struct HostsError {
    host: String,
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// What RFC 3986 has in a name: unreserved characters, sub-delimiters and escapes.
fn is_registered_name(host: &str) -> bool {
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'%' && {
            let mut digit = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
            digit() && digit()
        };
        if !(is_escape || byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)) {
            return false;
        }
    }
    true
}

const LOCALHOST: &str = "localhost";

/// How much of a refused value an answer repeats, in characters.
const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_name_or_an_address_and_at_most_a_port() {
        for (value, expected) in [
            ("h", Some(("h", None))),
            ("H.Example.:80", Some(("h.example", Some(80)))),
            ("h:", Some(("h", None))),
            ("127.0.0.1:8888", Some(("127.0.0.1", Some(8888)))),
            ("[::1]", Some(("[::1]", None))),
            ("[::1]:8888", Some(("[::1]", Some(8888)))),
            ("a%20b", Some(("a%20b", None))),
            ("", None),
            (".", None),
            (":80", None),
            ("h:port", None),
            ("h:65536", None),
            ("h:80:80", None),
            ("::1", None),
            ("[::1", None),
            ("[h]", None),
            ("[::1]x:80", None),
            ("user@h", None),
            ("h/path", None),
            ("h h", None),
            ("a%2", None),
            ("h, h", None),
            ("hé", None),
        ] {
            let parsed = Authority::parse(value.as_bytes());
            let parsed = parsed.as_ref().map(|it| (it.host.as_str(), it.port));
            assert_eq!(parsed, expected, "{value:?}");
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_under_any_port_and_case() {
        let hosts = Hosts::loopback();
        let hosts =
            hosts.with_host("app.example:8888").unwrap().with_host("*.below.example").unwrap();
        let hosts = hosts.with_host("2001:db8::1").unwrap();
        for (host, is_allowed) in [
            ("localhost", true),
            ("LOCALHOST.:1", true),
            ("a.b.localhost:8888", true),
            ("127.0.0.1", true),
            ("127.255.1.2:8888", true),
            ("[::1]:8888", true),
            ("App.Example.", true),
            ("x.below.example", true),
            ("[2001:db8::1]", true),
            ("evil.example", false),
            ("notlocalhost", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("[::2]", false),
            ("below.example", false),
            ("xbelow.example", false),
            ("x.app.example", false),
        ] {
            let authority = Authority::parse(host.as_bytes()).unwrap();
            assert_eq!(hosts.allow(&authority), is_allowed, "{host}");
        }
    }

    #[test]
    fn what_no_request_can_name_is_refused() {
        for host in ["", "*", "*.", "a b", "http://a", "a/b", "[::1", "a:b"] {
            assert_eq!(Hosts::default().with_host(host), Err(HostsError { host: host.to_owned() }));
        }
    }
}
