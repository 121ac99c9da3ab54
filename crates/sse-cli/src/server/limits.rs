use std::{net::IpAddr, str::FromStr};

use clap::ValueEnum;
use ipnet::IpNet;
use sse_access::limits::{ClientHeader, Limits};

use crate::bounded;

/// How much one address and one subject may have.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits (0: none; they do not apply to loopback addresses)")]
pub(super) struct LimitArgs {
    /// Limit on connections, 0 to 4294967295; those beyond it are closed at once [default: nine tenths of the
    /// files that may be open]
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    max_connections: Option<u32>,

    /// Limit on connections of one address, 0 to 4294967295; those beyond it are closed at once. An IPv6 /64
    /// counts as one address
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    max_connections_per_address: u32,

    /// Limit on new connections of one address a second, 0 to 4294967295; ten times as many may come at once.
    /// Those beyond it are closed at once
    #[arg(long, value_name = "COUNT", default_value = "200")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    connection_rate: u32,

    /// Limit on listeners of one address, 0 to 4294967295; requests beyond it get 503
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    max_listeners_per_address: u32,

    /// Limit on listeners of one subject, which is the claim `sub` of a token or the name of a password, 0 to
    /// 4294967295; requests beyond it get 503
    #[arg(long, value_name = "COUNT", default_value = "100")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    max_listeners_per_subject: u32,

    /// Limit on POSTs of one address a second, 0 to 4294967295; ten times as many may come at once. Requests
    /// beyond it get 429
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    publish_rate: u32,

    /// Limit on failed authentications of one address a minute, 0 to 4294967295; attempts beyond it get 429
    #[arg(long, value_name = "COUNT", default_value = "60")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    max_auth_failures: u32,

    /// Trust proxies in the network CIDR, such as 10.0.0.0/8 or a single address: the client of their requests
    /// is the one that the header of --client-address names; this makes the limits apply to loopback addresses
    /// in it too. May be given more than once
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<Network>,

    /// Header in which trusted proxies name the client
    #[arg(long, value_name = "HEADER", value_enum, default_value_t, requires = "trusted_proxies")]
    client_address: ClientAddressArg,
}

impl LimitArgs {
    /// The limits of a server that may have `files` open.
    pub(super) fn limits(&self, files: u64) -> Limits {
        let nine_tenths = u32::try_from(files / 10 * 9).unwrap_or(u32::MAX);
        let limits = Limits::new()
            .with_max_connections(self.max_connections.unwrap_or(nine_tenths))
            .with_max_connections_per_address(self.max_connections_per_address)
            .with_connection_rate(self.connection_rate)
            .with_max_listeners_per_address(self.max_listeners_per_address)
            .with_max_listeners_per_subject(self.max_listeners_per_subject)
            .with_publish_rate(self.publish_rate)
            .with_max_auth_failures(self.max_auth_failures)
            .with_client_header(match self.client_address {
                ClientAddressArg::XForwardedFor => ClientHeader::XForwardedFor,
                ClientAddressArg::Forwarded => ClientHeader::Forwarded,
            });
        let proxies = self.trusted_proxies.iter();
        proxies.fold(limits, |limits, &Network(proxy)| limits.with_trusted_proxy(proxy))
    }
}

/// A network, or one address.
#[derive(Clone, Copy, Debug)]
struct Network(IpNet);

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let network = text.parse().ok();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        network.or_else(address).map(Self).ok_or(NetworkError)
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected a network such as 10.0.0.0/8 or fd00::/8, or an address")]
struct NetworkError;

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ClientAddressArg {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded`, of RFC 7239
    Forwarded,
}
