use std::{fmt, net::Ipv6Addr, str::FromStr};

use http::{HeaderValue, Uri};

use crate::client::{address::port_of, authorization, direct::socks::MAX_TEXT};

/// A proxy, and the user and password for it.
#[derive(Clone)]
pub(crate) struct Proxy {
    kind: ProxyKind,
    /// With its port, without its user.
    uri: Uri,
    user: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ProxyKind {
    Http,
    Https,
    Socks4 { resolves: bool },
    Socks5 { resolves: bool },
}

impl Proxy {
    pub(crate) fn kind(&self) -> ProxyKind {
        self.kind
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The user and the password.
    pub(crate) fn user(&self) -> Option<(&str, &str)> {
        self.user.as_ref().map(|(user, password)| (&**user, &**password))
    }

    /// The value of `Proxy-Authorization`.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        self.user().map(|(user, password)| authorization::basic(user, password))
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let kind = kind(scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        if behind.contains('@') {
            return Err(ProxyError::Password);
        }
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (host, port) = split_port(host);
        if host.is_empty() {
            return Err(ProxyError::Host);
        }
        let port = match port {
            None | Some("") => default_port(kind),
            Some(port) => {
                port_of(port).ok_or_else(|| ProxyError::Port { port: port.to_owned() })?
            }
        };
        let uri = format!("{}://{host}:{port}/", scheme.to_ascii_lowercase());
        let uri = uri.parse().map_err(|_| ProxyError::Address)?;
        if host.starts_with('[') && host[1..host.len() - 1].parse::<Ipv6Addr>().is_err() {
            return Err(ProxyError::Address);
        }
        let user = user.map(authorization::user_of);
        if let (ProxyKind::Socks5 { .. }, Some((user, password))) = (kind, &user) {
            let len = user.len().max(password.len());
            if MAX_TEXT < len {
                return Err(ProxyError::Credentials { len });
            }
        }
        Ok(Self { kind, uri, user })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A user has a password, which is nobody's business.
        f.debug_struct("Proxy").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// Why an address cannot be that of a proxy.
///
/// ```
/// use sse_hyper::{BuildError, EventSource, Proxies, ProxyError};
///
/// let source = EventSource::builder("http://a.example/".parse()?)
///     .with_proxies(Proxies::One("ftp://127.0.0.1:21".parse()?))
///     .build();
/// let Err(BuildError::Proxy { problem, .. }) = source else {
///     panic!("no proxy is asked by FTP");
/// };
/// assert_eq!(problem, ProxyError::Scheme { scheme: "ftp".to_owned() });
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Its scheme is not one by which proxies are asked.
    #[error("proxies are http, https, socks4, socks4a, socks5 or socks5h, and not {scheme:?}")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// It has no host.
    #[error("there is no host in it")]
    Host,
    /// Its port is no number from 1 to 65535.
    #[error("{port:?} is no port: ports are numbers from 1 to 65535")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// Its password holds what ends the host.
    #[error("`/`, `?` and `#` in a password must be percent-encoded")]
    Password,
    /// Its user or its password is longer than SOCKS5 can say.
    #[error("its user or its password is {len} bytes long, and SOCKS5 takes at most {MAX_TEXT}")]
    Credentials {
        /// The length of the longer one.
        len: usize,
    },
    /// There is something else in it that no address may hold.
    #[error("it is no address")]
    Address,
    /// It wants TLS, and this build has none.
    #[error("there is no TLS in this build")]
    NoTls,
}

fn kind(scheme: &str) -> Result<ProxyKind, ProxyError> {
    match &*scheme.to_ascii_lowercase() {
        "http" => Ok(ProxyKind::Http),
        "https" if cfg!(feature = "tls") => Ok(ProxyKind::Https),
        "https" => Err(ProxyError::NoTls),
        "socks" | "socks4" => Ok(ProxyKind::Socks4 { resolves: false }),
        "socks4a" => Ok(ProxyKind::Socks4 { resolves: true }),
        "socks5" => Ok(ProxyKind::Socks5 { resolves: false }),
        "socks5h" => Ok(ProxyKind::Socks5 { resolves: true }),
        _ => Err(ProxyError::Scheme { scheme: scheme.to_owned() }),
    }
}

/// # Source
///
/// curl's manual, `--proxy`, and for SOCKS RFC 1928, section 3.
fn default_port(kind: ProxyKind) -> u16 {
    match kind {
        ProxyKind::Https => 443,
        ProxyKind::Http | ProxyKind::Socks4 { .. } | ProxyKind::Socks5 { .. } => 1080,
    }
}

/// The host, with its brackets, and what stands behind its colon.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let host = authority.starts_with('[').then(|| authority.find(']')).flatten();
    let end = host.map_or_else(|| authority.find(':').unwrap_or(authority.len()), |at| at + 1);
    let (host, behind) = authority.split_at(end);
    match behind {
        "" => (host, None),
        behind => (host, Some(behind.strip_prefix(':').unwrap_or(behind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_curl_takes() {
        for (text, uri, user) in [
            ("p.example:3128", "http://p.example:3128/", None),
            ("me:a%2Fb@p.example", "http://p.example:1080/", Some(("me", "a/b"))),
            ("HTTP://p.example:/x?y", "http://p.example:1080/", None),
            ("http://me@[::1]:8080", "http://[::1]:8080/", Some(("me", ""))),
            ("Socks5h://p.example", "socks5h://p.example:1080/", None),
            ("socks://p.example", "socks://p.example:1080/", None),
            ("socks4a://10.0.0.1:9", "socks4a://10.0.0.1:9/", None),
        ] {
            let proxy: Proxy = text.parse().unwrap();

            assert_eq!(proxy.uri().to_string(), uri, "{text}");
            assert_eq!(proxy.user(), user, "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_the_reason() {
        let port = |port: &str| ProxyError::Port { port: port.to_owned() };
        for (text, problem) in [
            ("ftp://p.example", ProxyError::Scheme { scheme: "ftp".to_owned() }),
            ("::::", ProxyError::Host),
            ("http://", ProxyError::Host),
            ("http://me:secret@", ProxyError::Host),
            ("http://:8080", ProxyError::Host),
            ("p.example:0", port("0")),
            ("p.example:+80", port("+80")),
            ("http://p.example:65536/", port("65536")),
            ("http://[::1]x", port("x")),
            ("http://me:sec/ret@p.example", ProxyError::Password),
            ("http://p example", ProxyError::Address),
            ("http://[p]:1", ProxyError::Address),
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap_err(), problem, "{text}");
        }
    }
}
