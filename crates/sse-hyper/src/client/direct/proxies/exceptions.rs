use std::net::{IpAddr, Ipv4Addr};

use super::proxy::split_port;
use crate::client::address::port_of;

/// What is reached without a proxy of the environment, as `no_proxy` names it.
///
/// # Source
///
/// curl's manual, `NO_PROXY`; for entries with a port, where curl has no rule, that of Go's
/// `golang.org/x/net/http/httpproxy`.
#[derive(Debug, Default)]
pub(super) struct Exceptions(Vec<Entry>);

#[derive(Debug)]
enum Entry {
    All,
    Host { host: Host, port: Option<u16> },
    Network { address: IpAddr, bits: u32 },
}

#[derive(Debug, Eq, PartialEq)]
enum Host {
    Address(IpAddr),
    Domain(String),
}

impl Exceptions {
    /// Entries that mean nothing name nobody.
    pub(super) fn new(text: &str) -> Self {
        let entries = text.split([',', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Entry::new).collect())
    }

    /// Whether `host` at `port` is one of them.
    pub(super) fn contain(&self, host: &str, port: u16) -> bool {
        let host = Host::new(host);
        self.0.iter().any(|entry| entry.names(&host, port))
    }
}

impl Entry {
    fn new(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            let address = unbracketed(address).parse::<IpAddr>().ok()?;
            let bits = bits.parse().ok().filter(|&bits| bits <= len(address))?;
            return Some(Self::Network { address, bits });
        }
        let (host, port) = match text.parse::<IpAddr>() {
            // The colons of an address without brackets divide no port.
            Ok(_) => (text, None),
            Err(_) => split_port(text),
        };
        let port = match port {
            Some(port) => Some(port_of(port)?),
            None => None,
        };
        let host = Host::new(host.strip_prefix('.').unwrap_or(host));
        Some(Self::Host { host, port })
    }

    fn names(&self, host: &Host, port: u16) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::Host { port: Some(named), .. }, _) if *named != port => false,
            (Self::Host { host: Host::Domain(domain), .. }, Host::Domain(name)) => {
                let below = name.strip_suffix(&**domain);
                !domain.is_empty()
                    && below.is_some_and(|name| name.is_empty() || name.ends_with('.'))
            }
            (Self::Host { host: named, .. }, host) => named == host,
            (Self::Network { address: network, bits }, Host::Address(address)) => {
                prefix(*network, *bits) == prefix(*address, *bits)
            }
            (Self::Network { .. }, Host::Domain(_)) => false,
        }
    }
}

impl Host {
    fn new(text: &str) -> Self {
        let text = text.strip_suffix('.').unwrap_or(text);
        match address(text) {
            Some(address) => Self::Address(address),
            None => Self::Domain(text.to_ascii_lowercase()),
        }
    }
}

/// Whether `host` is this machine, by name or by address.
///
/// # Source
///
/// RFC 6761, section 6.3, for the names.
pub(super) fn is_loopback(host: &str) -> bool {
    match Host::new(host) {
        Host::Address(address) => address.is_loopback(),
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// The address that a host is, if it is no name: one of IPv4 that is written as one of IPv6 is itself.
fn address(host: &str) -> Option<IpAddr> {
    let address = unbracketed(host).parse().ok().or_else(|| short_address(host).map(IpAddr::V4))?;
    Some(address.to_canonical())
}

/// The address that the resolver of the system makes of a host such as `127.1` or `0x7f000001`.
///
/// # Source
///
/// POSIX, `inet_addr`.
fn short_address(host: &str) -> Option<Ipv4Addr> {
    let numbers = host.split('.').map(number).collect::<Option<Vec<u32>>>()?;
    let (&last, first) = numbers.split_last()?;
    let room = 32_u32.checked_sub(8 * u32::try_from(first.len()).ok()?).filter(|&room| 0 < room)?;
    let is_address = first.iter().all(|&number| number < 256) && u64::from(last) < 1 << room;
    let first = first.iter().fold(0_u32, |address, number| address << 8 | number);
    let first = u32::try_from(u64::from(first) << room).ok()?;
    is_address.then(|| Ipv4Addr::from(first | last))
}

fn number(text: &str) -> Option<u32> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match hex {
        Some(digits) => (digits, 16),
        None if 1 < text.len() && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn len(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first `bits` of an address, which are not equal to those of the other kind.
fn prefix(address: IpAddr, bits: u32) -> Option<(bool, u128)> {
    let all = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => address.into(),
    };
    let rest = len(address).checked_sub(bits)?;
    Some((address.is_ipv4(), all.checked_shr(rest).unwrap_or(0)))
}
