use std::{fmt, net::Ipv6Addr, str::FromStr};

/// A host as a URL has it: an IPv6 address in brackets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Host(String);

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let unbracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Ok(address) = unbracketed.unwrap_or(text).parse::<Ipv6Addr>() {
            return Ok(Self(format!("[{address}]")));
        }
        let is_in_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        match text.is_empty() || !text.bytes().all(is_in_names) {
            true => Err(HostError),
            false => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that no host is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("neither a host's name nor an address")]
pub(crate) struct HostError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_written_as_urls_have_them() {
        for (text, host) in [
            ("localhost", Ok("localhost")),
            ("a-b.example_1.org.", Ok("a-b.example_1.org.")),
            ("127.0.0.1", Ok("127.0.0.1")),
            ("::1", Ok("[::1]")),
            ("[::1]", Ok("[::1]")),
            ("", Err(HostError)),
            ("a b", Err(HostError)),
            ("a:1", Err(HostError)),
            ("me@a", Err(HostError)),
            ("a/b", Err(HostError)),
            ("[a]", Err(HostError)),
            ("é", Err(HostError)),
        ] {
            let parsed = text.parse::<Host>().map(|host| host.to_string());
            assert_eq!(parsed.as_deref(), host.as_ref().copied(), "{text:?}");
        }
    }
}
