use core::net::{Ipv4Addr, Ipv6Addr};
use std::{borrow::Cow, fmt};

use memchr::memrchr;

/// A host and port as a request names them, or an origin does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Authority<'a> {
    /// In lower case, without a final dot; an IPv6 address in its shortest form, in brackets.
    pub(crate) host: Cow<'a, str>,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// `host`, `host:port`, `[::1]:port` and what else may stand in `Host`.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(value).ok()?;
        let (host, port) = match memrchr(b':', value) {
            Some(colon) if !value[colon..].contains(&b']') => (&text[..colon], &text[colon + 1..]),
            _ => (text, ""),
        };
        let port = match port {
            "" => None,
            port => Some(port_of(port)?),
        };
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?).into(),
            None => name_of(host)?,
        };
        (!host.is_empty()).then_some(Self { host, port })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let address = self.host.parse::<Ipv4Addr>();
        let bracketed = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        self.host == LOCALHOST
            || self.host.strip_suffix(LOCALHOST).is_some_and(|before| before.ends_with('.'))
            || address.is_ok_and(|address| address.is_loopback())
            || bracketed
                .and_then(|address| address.parse::<Ipv6Addr>().ok())
                .is_some_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// The port that `digits` are. A sign is none of them, though the standard library takes one.
pub(crate) fn port_of(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The name that `host` is, with or without a final dot.
fn name_of(host: &str) -> Option<Cow<'_, str>> {
    let name = host.strip_suffix('.').unwrap_or(host);
    // Nearly all are written so, and need neither a closer look nor a copy.
    if name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')) {
        return Some(name.into());
    }
    is_registered_name(name).then(|| name.to_ascii_lowercase().into())
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
            ("[0:0::0:1]", Some(("[::1]", None))),
            ("[2001:DB8::A]", Some(("[2001:db8::a]", None))),
            ("a%20b", Some(("a%20b", None))),
            ("", None),
            (".", None),
            (":80", None),
            ("h:port", None),
            ("h:65536", None),
            ("h:+80", None),
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
            let parsed = parsed.as_ref().map(|it| (&*it.host, it.port));
            assert_eq!(parsed, expected, "{value:?}");
        }
    }
}
