use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::bounded::{OutOfBounds, port_or_any};

/// Where the operator's address is: a host, which is this machine alone if none is named, and a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AdminAddress {
    /// As a socket is bound to it, an IPv6 address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for AdminAddress {
    type Err = AdminAddressError;

    fn from_str(text: &str) -> Result<Self, AdminAddressError> {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) => {
                let address: Ipv6Addr = inner.parse().map_err(|_| AdminAddressError::Host)?;
                address.to_string()
            }
            None if host.is_empty() => Ipv4Addr::LOCALHOST.to_string(),
            None if host.chars().all(is_of_name) => host.to_owned(),
            None => return Err(AdminAddressError::Host),
        };
        if text.parse::<Ipv4Addr>().is_ok()
            || !port.starts_with(|first: char| first.is_ascii_digit())
        {
            return Err(AdminAddressError::Port);
        }
        Ok(Self { host, port: port_or_any(port)? })
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Whether a name or an IPv4 address may have it.
fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
}

/// Why a text is not such an address. Whoever shows it names the text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum AdminAddressError {
    #[error(
        "expected PORT, :PORT or HOST:PORT, with a name or an address as HOST, and IPv6 in brackets"
    )]
    Host,
    #[error("expected a port at its end: PORT, :PORT or HOST:PORT")]
    Port,
    #[error(transparent)]
    Bounds(#[from] OutOfBounds<u16>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_port_or_a_host_and_a_port() {
        for (text, host, port, shown) in [
            ("9000", "127.0.0.1", 9000, "127.0.0.1:9000"),
            (":9000", "127.0.0.1", 9000, "127.0.0.1:9000"),
            ("0", "127.0.0.1", 0, "127.0.0.1:0"),
            ("localhost:9000", "localhost", 9000, "localhost:9000"),
            ("0.0.0.0:65535", "0.0.0.0", 65535, "0.0.0.0:65535"),
            ("[::1]:9000", "::1", 9000, "[::1]:9000"),
            ("[0:0::0]:9000", "::", 9000, "[::]:9000"),
        ] {
            let address: AdminAddress = text.parse().unwrap();
            assert_eq!((&*address.host, address.port), (host, port), "{text}");
            assert_eq!(address.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_has_no_port_or_no_host_is_refused() {
        for (text, is_port) in [
            ("", true),
            (":", true),
            ("localhost", true),
            ("localhost:", true),
            ("127.0.0.1", true),
            ("localhost:http", true),
            (":+80", true),
            ("-1", true),
            ("::1:9000", false),
            ("[::1]", false),
            ("[]:9000", false),
            ("[127.0.0.1]:9000", false),
            ("http://localhost:9000", false),
            ("user@localhost:9000", false),
            ("a b:9000", false),
            ("*:9000", false),
            ("[fe80::1%eth0]:9000", false),
        ] {
            let error = text.parse::<AdminAddress>().unwrap_err();
            let expected = if is_port { AdminAddressError::Port } else { AdminAddressError::Host };
            assert_eq!(error, expected, "{text:?}");
        }
        for text in ["65536", ":99999999999", "localhost:90a"] {
            let error = text.parse::<AdminAddress>().unwrap_err();
            assert!(matches!(error, AdminAddressError::Bounds(_)), "{text}: {error:?}");
        }
    }
}
