use std::net::IpAddr;

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};

use super::hops::Hops;

/// The client that sends a request: the peer of its connection, or the client that a trusted proxy names.
///
/// ```
/// use std::net::{IpAddr, Ipv4Addr};
/// use http::Request;
/// use sse_access::limits::Limits;
/// use sse_core::gateway::RemoteAddr;
///
/// let limits = Limits::new().with_trusted_proxy("10.0.0.0/8".parse()?);
/// let (mut parts, ()) = Request::get("/poll/42")
///     .header("X-Forwarded-For", "198.51.100.1, 203.0.113.7, 10.0.0.2")
///     .body(())?
///     .into_parts();
/// parts.extensions.insert(RemoteAddr::from(([10, 0, 0, 1], 40_000)));
///
/// let client = limits.client(&parts).expect("the connection has an address");
/// assert_eq!(client.ip(), IpAddr::from(Ipv4Addr::new(203, 0, 113, 7)));
/// assert!(client.is_limited());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Client {
    ip: IpAddr,
    is_limited: bool,
}

impl Client {
    /// Its address; an IPv4-mapped IPv6 address is given as one of IPv4.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Whether the limits apply to it. They do not apply to a loopback address that is not a trusted proxy.
    pub fn is_limited(&self) -> bool {
        self.is_limited
    }
}

/// The header in which trusted proxies name their clients.
///
/// ```
/// use sse_access::limits::{ClientHeader, Limits};
///
/// let limits = Limits::new()
///     .with_trusted_proxy("10.0.0.0/8".parse()?)
///     .with_client_header(ClientHeader::Forwarded);
/// # drop(limits);
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientHeader {
    /// `X-Forwarded-For`: addresses with commas between them.
    #[default]
    XForwardedFor,
    /// `Forwarded`: the parameter `for` of each element.
    ///
    /// # Source
    ///
    /// RFC 7239, [Forwarded HTTP Header Field](https://www.rfc-editor.org/rfc/rfc7239.html#section-4).
    Forwarded,
}

impl ClientHeader {
    fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Tells clients and proxies apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    proxies: Vec<IpNet>,
    header: ClientHeader,
}

impl Clients {
    pub(super) fn trust(&mut self, proxy: IpNet) {
        self.proxies.push(canonical(proxy));
    }

    pub(super) fn read(&mut self, header: ClientHeader) {
        self.header = header;
    }

    pub(super) fn is_trusted(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.proxies.iter().any(|proxy| proxy.contains(&ip))
    }

    /// The client of a connection from `peer`, if no proxy names another.
    pub(super) fn at_peer(&self, peer: IpAddr) -> Client {
        let ip = peer.to_canonical();
        Client { ip, is_limited: !ip.is_loopback() || self.is_trusted(ip) }
    }

    /// The client that a request names, if `peer` is a trusted proxy: the rightmost address that is not a trusted
    /// proxy, or the leftmost if all are. A value that is not an address ends the search, and the address on its
    /// right is the client.
    pub(super) fn behind_peer(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Client> {
        if self.proxies.is_empty() || !self.is_trusted(peer) {
            return None;
        }
        let lines = headers.get_all(self.header.name()).iter().rev();
        let mut found = None;
        for hop in lines.flat_map(|line| Hops::new(self.header, line.as_bytes())) {
            let Some(ip) = hop else { break };
            found = Some(Client { ip, is_limited: true });
            if !self.is_trusted(ip) {
                break;
            }
        }
        found
    }
}

/// Turns a network of IPv4-mapped IPv6 addresses into one of IPv4.
fn canonical(net: IpNet) -> IpNet {
    let IpAddr::V4(ip) = net.addr().to_canonical() else { return net };
    let bits = net.prefix_len().checked_sub(net.max_prefix_len() - 32);
    match bits.and_then(|bits| Ipv4Net::new(ip, bits).ok()) {
        Some(net) => net.into(),
        None => net,
    }
}
