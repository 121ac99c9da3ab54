use std::net::{IpAddr, Ipv6Addr};

use super::{clients::ClientHeader, forwarded};

/// The addresses in one line of a header, from the right: the nearest proxy has added the last one. A value that is
/// not an address is `None`, and an empty one is left out.
#[derive(Debug)]
pub(super) struct Hops<'a> {
    header: ClientHeader,
    rest: Option<&'a [u8]>,
}

impl<'a> Hops<'a> {
    pub(super) fn new(header: ClientHeader, line: &'a [u8]) -> Self {
        Self { header, rest: Some(line) }
    }
}

impl Iterator for Hops<'_> {
    type Item = Option<IpAddr>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.rest?;
            let (rest, hop) = match self.header {
                ClientHeader::XForwardedFor => split_last(line),
                ClientHeader::Forwarded => forwarded::split_last(line),
            };
            self.rest = rest;
            let hop = hop.trim_ascii();
            if hop.is_empty() {
                continue;
            }
            return Some(match self.header {
                ClientHeader::XForwardedFor => address(hop),
                ClientHeader::Forwarded => forwarded::node(hop).and_then(|node| address(&node)),
            });
        }
    }
}

/// What stands before the last comma, and what stands after it.
fn split_last(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match line.iter().rposition(|byte| *byte == b',') {
        Some(at) => (Some(&line[..at]), &line[at + 1..]),
        None => (None, line),
    }
}

/// The address in `node`, which may have a port, and brackets if it is one of IPv6. An IPv4-mapped IPv6 address
/// is returned as one of IPv4.
///
/// # Source
///
/// RFC 7239, [Node Identifiers](https://www.rfc-editor.org/rfc/rfc7239.html#section-6), which forbids an
/// address of IPv6 without brackets; `X-Forwarded-For` is full of them.
fn address(node: &[u8]) -> Option<IpAddr> {
    let node = str::from_utf8(node).ok()?;
    let (ip, port) = if let Some(rest) = node.strip_prefix('[') {
        let (ip, port) = rest.split_once(']')?;
        (IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?), port)
    } else if let Ok(ip) = node.parse() {
        (ip, "")
    } else {
        let at = node.find(':')?;
        (IpAddr::V4(node[..at].parse().ok()?), &node[at..])
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    is_port.then(|| ip.to_canonical())
}

/// Whether it is the number of a port, or a name that hides one.
fn is_port(port: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match port.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(is_name),
        None => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok(),
    }
}
