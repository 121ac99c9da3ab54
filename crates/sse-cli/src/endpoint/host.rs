use std::{ffi::OsStr, fmt, net::Ipv6Addr, str::FromStr};

use clap::{Arg, Command, builder::TypedValueParser};
use percent_encoding::percent_decode_str;
use url::ParseError;

use super::address::without_secret;
use crate::escape::named;

/// A host as a URL has it: a name in ASCII, or an address, one of IPv6 in brackets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Host(String);

impl Host {
    /// Reads the host of a URL, without the brackets of an IPv6 address.
    ///
    /// # Source
    ///
    /// URL Standard, [Host parsing](https://url.spec.whatwg.org/#host-parsing).
    pub(super) fn in_url(text: &str) -> Result<Self, HostError> {
        match percent_decode_str(text).decode_utf8() {
            Ok(decoded) => Self::name(&decoded),
            Err(_) => Err(HostError::Idna { host: text.to_owned() }),
        }
    }

    /// Reads the IPv6 address in the brackets of a URL.
    pub(super) fn in_brackets(text: &str) -> Result<Self, HostError> {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self(format!("[{address}]")));
        }
        match zone(text) {
            Some(zone) => Err(HostError::Zone { zone: zone.to_owned() }),
            None => Err(HostError::Ipv6 { host: text.to_owned() }),
        }
    }

    /// Reads a name or an IPv4 address, in any script.
    fn name(text: &str) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Empty);
        }
        if let Some(character) = text.chars().find(|&character| is_forbidden(character)) {
            return Err(HostError::Character { character });
        }
        let host = || text.to_owned();
        match url::Host::parse(text) {
            Ok(parsed) => Ok(Self(parsed.to_string())),
            Err(ParseError::EmptyHost) => Err(HostError::Empty),
            Err(ParseError::InvalidIpv4Address) => Err(HostError::Ipv4 { host: host() }),
            Err(_) => Err(HostError::Idna { host: host() }),
        }
    }
}

/// Parses the option; one that it refuses is shown without the password that may stand before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostParser;

impl TypedValueParser for HostParser {
    type Value = Host;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Host, clap::Error> {
        let parse = |text: &str| text.parse::<Host>();
        parse.parse_ref(command, arg, value).map_err(|error| without_secret(error, value))
    }
}

/// As an option, where an IPv6 address may do without its brackets and nothing is percent-encoded.
impl FromStr for Host {
    type Err = HostOptionError;

    fn from_str(text: &str) -> Result<Self, HostOptionError> {
        let unbracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let address = unbracketed.unwrap_or(text);
        let is_ipv6 = address.parse::<Ipv6Addr>().is_ok() || zone(address).is_some();
        let host = if is_ipv6 { Self::in_brackets(address) } else { Self::name(text) };
        host.map_err(HostOptionError)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no host of a URL.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum HostError {
    #[error("there is no host in it")]
    Empty,
    #[error("the host has {} in it, which no host may have", named(*character))]
    Character { character: char },
    #[error("the address has the zone {zone:?}, which no URL can hold")]
    Zone { zone: String },
    #[error("{host:?} is no IPv4 address")]
    Ipv4 { host: String },
    #[error("{host:?} is no IPv6 address")]
    Ipv6 { host: String },
    #[error("{host:?} is no name that IDNA allows")]
    Idna { host: String },
}

/// A text that no host is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct HostOptionError(HostError);

impl std::error::Error for HostOptionError {}

impl fmt::Display for HostOptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            HostError::Empty => write!(f, "{NEITHER}: it is empty"),
            HostError::Character { character } => {
                write!(f, "{NEITHER}: there is {} in it", named(*character))
            }
            error => error.fmt(f),
        }
    }
}

const NEITHER: &str = "neither a host's name nor an address";

/// The zone that an IPv6 address ends with, percent sign included.
pub(super) fn zone(text: &str) -> Option<&str> {
    let at = text.find('%')?;
    text[..at].parse::<Ipv6Addr>().is_ok().then(|| &text[at..])
}

/// Beside what the URL Standard forbids, a few that no name has and that `http` takes for no address.
///
/// # Source
///
/// URL Standard, [forbidden domain code point](https://url.spec.whatwg.org/#forbidden-domain-code-point).
fn is_forbidden(character: char) -> bool {
    character.is_ascii_control() || " #%/:<>?@[\\]^|\"`{}".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_written_as_urls_have_them() {
        for (text, host) in [
            ("localhost", "localhost"),
            ("a-b.example_1.org.", "a-b.example_1.org."),
            ("LOCALHOST", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("0:0::1", "[::1]"),
            ("é", "xn--9ca"),
        ] {
            let parsed = text.parse::<Host>().map(|host| host.to_string());
            assert_eq!(parsed.as_deref(), Ok(host), "{text:?}");
        }
    }
}
