use std::{
    io,
    net::{IpAddr, SocketAddr, SocketAddrV4},
};

use http::Uri;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::lookup_host,
};

use super::{
    connector::Connection,
    dialer::default_port,
    proxies::{Proxy, ProxyKind},
};

/// Where a proxy of SOCKS is to connect to.
#[derive(Debug)]
pub(super) enum Target {
    Version4(SocketAddrV4),
    Version4Name(String, u16),
    Version5(SocketAddr),
    Version5Name(String, u16),
}

impl Target {
    /// The server of `uri`, for a proxy of the kind of `proxy`: its address if the proxy does not look names
    /// up.
    pub(super) async fn of(uri: &Uri, proxy: &Proxy) -> Result<Self, SocksError> {
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or_else(|| default_port(uri));
        let (is_version_4, resolves) = match proxy.kind() {
            ProxyKind::Socks4 { resolves } => (true, resolves),
            ProxyKind::Socks5 { resolves } => (false, resolves),
            ProxyKind::Http | ProxyKind::Https => (false, false),
        };
        if resolves && host.parse::<IpAddr>().is_err() {
            return match (host.len(), is_version_4) {
                (len, _) if MAX_TEXT < len => Err(SocksError::LongHost { len }),
                (_, true) => Ok(Self::Version4Name(host, port)),
                (_, false) => Ok(Self::Version5Name(host, port)),
            };
        }
        let mut addresses = addresses(&host, port).await?.into_iter();
        if !is_version_4 {
            let first = addresses.next().map(Self::Version5);
            return first.ok_or(SocksError::NoAddress { host });
        }
        let first = addresses.find_map(|address| match address {
            SocketAddr::V4(address) => Some(Self::Version4(address)),
            SocketAddr::V6(_) => None,
        });
        first.ok_or(SocksError::NoIpv4 { host })
    }

    /// Asks the proxy on `io` for a connection there, in the name of `user`.
    pub(super) async fn reach(
        &self,
        io: &mut dyn Connection,
        user: Option<(&str, &str)>,
    ) -> Result<(), SocksError> {
        match self {
            Self::Version4(address) => {
                version_4(io, address.port(), address.ip().octets(), None).await
            }
            Self::Version4Name(host, port) => {
                // No address, but the sign that a name follows.
                version_4(io, *port, [0, 0, 0, 255], Some(host)).await
            }
            Self::Version5(address) => {
                let mut target = match address.ip() {
                    IpAddr::V4(ip) => [&[IPV4][..], &ip.octets()].concat(),
                    IpAddr::V6(ip) => [&[IPV6][..], &ip.octets()].concat(),
                };
                target.extend(address.port().to_be_bytes());
                version_5(io, user, &target).await
            }
            Self::Version5Name(host, port) => {
                let mut target = vec![NAME];
                push(&mut target, host);
                target.extend(port.to_be_bytes());
                version_5(io, user, &target).await
            }
        }
    }
}

async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, SocksError> {
    // What is an address is not looked up.
    let found = lookup_host((host, port)).await;
    let unknown = |source| SocksError::Unknown { host: host.to_owned(), source };
    Ok(found.map_err(unknown)?.collect())
}

/// # Source
///
/// "SOCKS: A protocol for TCP proxy across firewalls" and "SOCKS 4A: A Simple Extension to SOCKS 4 Protocol",
/// by Ying-Da Lee.
async fn version_4(
    io: &mut dyn Connection,
    port: u16,
    ip: [u8; 4],
    name: Option<&str>,
) -> Result<(), SocksError> {
    // Behind the address there is the end of a user who has no name.
    let mut request = [&[4, CONNECT][..], &port.to_be_bytes(), &ip, &[0]].concat();
    if let Some(name) = name {
        request.extend(name.bytes().chain([0]));
    }
    io.write_all(&request).await?;
    let mut answer = [0; 8];
    io.read_exact(&mut answer).await?;
    match answer {
        [0, 90, ..] => Ok(()),
        [0, code, ..] => Err(SocksError::Refused { reason: of_version_4(code) }),
        _ => Err(SocksError::NotSpoken { version: 4 }),
    }
}

/// # Source
///
/// RFC 1928; for users and passwords RFC 1929.
async fn version_5(
    io: &mut dyn Connection,
    user: Option<(&str, &str)>,
    target: &[u8],
) -> Result<(), SocksError> {
    let method = if user.is_some() { BY_PASSWORD } else { BY_NOTHING };
    io.write_all(&[5, 1, method]).await?;
    match (read(io).await?, user) {
        ([5, BY_PASSWORD], Some((user, password))) => {
            let mut request = vec![1];
            push(&mut request, user);
            push(&mut request, password);
            io.write_all(&request).await?;
            let [_version, status] = read(io).await?;
            if status != 0 {
                return Err(SocksError::User);
            }
        }
        ([5, BY_NOTHING], None) => (),
        ([5, _], Some(_)) => return Err(SocksError::UserUnwanted),
        ([5, _], None) => return Err(SocksError::UserWanted),
        _ => return Err(SocksError::NotSpoken { version: 5 }),
    }
    io.write_all(&[&[5, CONNECT, 0], target].concat()).await?;
    let [version, code, _reserved, kind] = read(io).await?;
    if version != 5 {
        return Err(SocksError::NotSpoken { version: 5 });
    }
    if code != 0 {
        return Err(SocksError::Refused { reason: of_version_5(code) });
    }
    // By which address it connects is of no use, but has to be read.
    let len = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(read::<1>(io).await?[0]),
        _ => return Err(SocksError::NotSpoken { version: 5 }),
    };
    io.read_exact(&mut vec![0; len + 2]).await?;
    Ok(())
}

async fn read<const N: usize>(io: &mut dyn Connection) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Appends `text` behind its length, which was looked at before.
fn push(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).expect("what is longer was refused"));
    bytes.extend(text.bytes());
}

/// Why a proxy of SOCKS leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocksError {
    #[error("the address of {host} cannot be looked up")]
    Unknown { host: String, source: io::Error },
    #[error("{host} has no address")]
    NoAddress { host: String },
    #[error("{host} has no address of IPv4, and SOCKS4 knows no other")]
    NoIpv4 { host: String },
    #[error("the host is {len} bytes long, and SOCKS takes at most {MAX_TEXT}")]
    LongHost { len: usize },
    #[error("the proxy wants to know who asks, and its address names no user")]
    UserWanted,
    #[error("the proxy takes no user and no password, and its address names them")]
    UserUnwanted,
    #[error("the proxy does not accept the user and the password in its address")]
    User,
    #[error("the proxy made no connection: {reason}")]
    Refused { reason: String },
    #[error("the proxy does not speak SOCKS{version}")]
    NotSpoken { version: u8 },
    #[error("the connection to the proxy broke off: {0}")]
    Io(#[from] io::Error),
}

fn of_version_4(code: u8) -> String {
    match code {
        91 => "rejected or failed".to_owned(),
        92 => "it cannot ask this machine who the user is".to_owned(),
        93 => "this machine names another user".to_owned(),
        code => format!("code {code}"),
    }
}

fn of_version_5(code: u8) -> String {
    match code {
        1 => "general failure".to_owned(),
        2 => "not allowed by its rules".to_owned(),
        3 => "network unreachable".to_owned(),
        4 => "host unreachable".to_owned(),
        5 => "connection refused".to_owned(),
        6 => "TTL expired".to_owned(),
        7 => "command not supported".to_owned(),
        8 => "address type not supported".to_owned(),
        code => format!("code {code}"),
    }
}

/// What one byte can tell the length of.
pub(super) const MAX_TEXT: usize = 255;

const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
const BY_NOTHING: u8 = 0;
const BY_PASSWORD: u8 = 2;
