use std::{ffi::OsStr, net::Ipv6Addr, num::NonZeroU16};

use clap::{
    Arg, Command,
    builder::TypedValueParser,
    error::{ContextKind, ContextValue},
};
use http::{Uri, uri::InvalidUri};
use sse_hyper::without_password;
use url::{ParseError, Position, Url};

use super::host::{Host, HostError, zone};

/// Parses an address as browsers do; one that it refuses is shown without its password.
///
/// Unlike browsers, it wants exactly two slashes behind the scheme: with fewer or more, the host is not
/// where its user thinks it is.
///
/// # Source
///
/// URL Standard, [URL parsing](https://url.spec.whatwg.org/#url-parsing).
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressParser {
    schemes: &'static [&'static str],
    is_proxy: bool,
}

impl AddressParser {
    /// For the address of a server.
    pub(crate) fn url() -> Self {
        Self { schemes: &["http", "https"], is_proxy: false }
    }

    /// For the address of a proxy.
    pub(super) fn proxy() -> Self {
        let schemes = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
        Self { schemes, is_proxy: true }
    }

    fn parse(self, text: &str) -> Result<Uri, AddressError> {
        let text = text.trim_matches(|outer| outer <= ' ').replace(['\t', '\n', '\r'], "");
        let (scheme, rest) = self.scheme(&text)?;
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let port = port(&rest[..end]).map_err(|error| match rest[end..].contains('@') {
            // What looks like a host or a port is a part of the password, and must not be shown.
            true => AddressError::Password,
            false => error,
        })?;

        // The parser knows no proxies: it would leave their hosts as they are.
        let known = if scheme == "https" { "https" } else { "http" };
        let url = Url::parse(&format!("{known}://{rest}"))?;
        let origin = &url[Position::BeforeUsername..Position::AfterHost];
        // Where no port is named, that of a proxy need not be the one of its scheme.
        let port = if self.is_proxy { port } else { url.port() };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let target = &url[Position::BeforePath..Position::AfterQuery];
        Ok(format!("{scheme}://{origin}{port}{target}").parse()?)
    }

    /// Splits `text` behind the slashes, which may be backslashes.
    fn scheme(self, text: &str) -> Result<(&'static str, &str), AddressError> {
        let schemes = self.schemes;
        let split = text.split_once(':').and_then(|(typed, rest)| {
            let scheme = schemes.iter().find(|scheme| typed.eq_ignore_ascii_case(scheme))?;
            let rest = rest.strip_prefix(SLASHES)?.strip_prefix(SLASHES)?;
            Some((*scheme, rest))
        });
        split.ok_or(AddressError::Scheme { schemes })
    }
}

impl TypedValueParser for AddressParser {
    type Value = Uri;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Uri, clap::Error> {
        let parser = *self;
        let parse = move |text: &str| parser.parse(text);
        parse.parse_ref(command, arg, value).map_err(|error| without_secret(error, value))
    }
}

/// `error`, which shows the `value` that was refused, without the password that may be in it.
pub(super) fn without_secret(mut error: clap::Error, value: &OsStr) -> clap::Error {
    let shown = without_password(&value.to_string_lossy());
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    error
}

/// Why a text is no address that can be gone to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("expected an address that begins with {}", shown(schemes))]
    Scheme { schemes: &'static [&'static str] },
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("the bracket of the IPv6 address is not closed")]
    Unclosed,
    #[error("there is {text:?} behind the address in brackets")]
    Behind { text: String },
    #[error("an IPv6 address stands in brackets: \"[{address}]\"")]
    Unbracketed { address: String },
    #[error("expected a port from 1 to 65535 instead of {port:?}")]
    Port { port: String },
    #[error("`/`, `?` and `#` in a password must be percent-encoded")]
    Password,
    #[error("the URL Standard has no such address: {0}")]
    Url(#[from] ParseError),
    #[error("no request can have it as its address: {0}")]
    Uri(#[from] InvalidUri),
}

/// Sees that an authority has a host that can be, and returns the port in it.
fn port(authority: &str) -> Result<Option<u16>, AddressError> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.strip_prefix('[') {
        Some(host) => {
            let (address, behind) = host.split_once(']').ok_or(AddressError::Unclosed)?;
            Host::in_brackets(address)?;
            match behind.strip_prefix(':') {
                None if !behind.is_empty() => {
                    return Err(AddressError::Behind { text: behind.to_owned() });
                }
                port => port.unwrap_or_default(),
            }
        }
        None if host.parse::<Ipv6Addr>().is_ok() => {
            return Err(AddressError::Unbracketed { address: host.to_owned() });
        }
        None if zone(host).is_some() => {
            Host::in_brackets(host)?;
            ""
        }
        None => {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            Host::in_url(name)?;
            port
        }
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<NonZeroU16>() {
        _ if port.is_empty() => Ok(None),
        Ok(port) if is_number => Ok(Some(port.get())),
        _ => Err(AddressError::Port { port: port.to_owned() }),
    }
}

fn shown(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(", ")
}

const SLASHES: [char; 2] = ['/', '\\'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_of_the_schemes_that_are_spoken() {
        for (text, is_url, is_proxy) in [
            ("http://a.example", true, true),
            ("HTTP://a.example", true, true),
            ("https://me:secret@a.example:1/x?y", true, true),
            ("http://me:@a.example:/@:x", true, true),
            ("http://me:a b@a/", true, true),
            ("http://[::1]:65535", true, true),
            ("http://[::1]/", true, true),
            ("http://a/b c", true, true),
            ("http://a/\t", true, true),
            ("socks5h://a.example:1080", false, true),
            ("ftp://a.example/", false, false),
            ("a.example/x", false, false),
            ("/x", false, false),
        ] {
            let parse = |parser: AddressParser| parser.parse(text).is_ok();
            let parsed = (parse(AddressParser::url()), parse(AddressParser::proxy()));

            assert_eq!(parsed, (is_url, is_proxy), "{text}");
        }
    }

    #[test]
    fn proxies_keep_their_port_and_have_hosts_as_browsers_read_them() {
        for (text, address) in [
            ("SOCKS5://BÜCHER.example:80", "socks5://xn--bcher-kva.example:80/"),
            ("socks4a://me:p@w@a.example:443/", "socks4a://me:p%40w@a.example:443/"),
            ("http://127.1:80/", "http://127.0.0.1:80/"),
            ("https://a.example:443", "https://a.example:443/"),
            ("socks5h://[0::1]", "socks5h://[::1]/"),
        ] {
            let parsed = AddressParser::proxy().parse(text).unwrap();

            assert_eq!(parsed.to_string(), address, "{text}");
        }
    }

    #[test]
    fn reason_names_what_is_wrong() {
        for (text, reason) in [
            ("http://", "no host"),
            ("http:///x", "no host"),
            ("http://:80/", "no host"),
            ("http://a b/", "a space"),
            ("http://a:99999/", "\"99999\""),
            ("http://a:65536", "1 to 65535"),
            ("http://a:0/", "\"0\""),
            ("http://a:+80/", "\"+80\""),
            ("http://a:abc?x", "\"abc\""),
            ("http://me:pw@a:8080*/", "\"8080*\""),
            ("http://[::1]:x/", "\"x\""),
            ("http://me:p/w@a/", "in a password"),
            ("http://me:p?w@a/", "in a password"),
            ("http://me:p#w@a/", "in a password"),
            ("http://m<e/w@a/", "in a password"),
            ("http://<a>/", "'<'"),
            ("http://a{b}/", "'{'"),
        ] {
            for parser in [AddressParser::url(), AddressParser::proxy()] {
                let error = parser.parse(text).unwrap_err().to_string();

                assert!(error.contains(reason), "{text}: {error}");
            }
        }
    }
}
