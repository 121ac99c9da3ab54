use std::path::PathBuf;

use clap::Args;
use http::Uri;

use super::{AddressParser, Host, host::HostParser};
use crate::{bounded, default_address, path_prefix::PathPrefix};

/// Which server, and how to reach it.
#[derive(Args, Debug)]
pub(crate) struct EndpointArgs {
    /// Address or name of the server, in any script
    #[arg(short = 'H', long, value_name = "HOST", default_value = default_address::HOST)]
    #[arg(value_parser = HostParser)]
    pub(super) host: Host,

    /// Port of the server, 1 to 65535
    #[arg(short = 'P', long, value_name = "PORT", default_value_t = default_address::PORT)]
    #[arg(value_parser = bounded::port, allow_hyphen_values = true)]
    pub(super) port: u16,

    /// Use https, and verify the server's certificate against the roots of the system
    #[arg(short = 'S', long)]
    pub(super) ssl: bool,

    /// Accept any certificate; only where TLS is spoken
    #[arg(long)]
    pub(super) insecure: bool,

    /// Also trust the root certificates in FILE, in PEM; only where TLS is spoken
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,

    /// Path in front of /ACTION/TOKEN in every URL
    #[arg(short = 'x', long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(super) prefix: PathPrefix,

    /// User for HTTP basic authentication
    #[arg(short, long, value_name = "USER")]
    pub(super) user: Option<String>,

    /// Password for HTTP basic authentication; other users of this machine can see it here, but not in
    /// --password-file nor in the variable EVENTSOURCE_PASSWORD, which is read if neither option is given
    #[arg(short, long, value_name = "PASSWORD", requires = "user")]
    pub(super) password: Option<String>,

    /// Read the password from the first line of FILE, or of standard input if FILE is `-`
    #[arg(long, value_name = "FILE", requires = "user", conflicts_with = "password")]
    pub(super) password_file: Option<PathBuf>,

    /// Use this proxy (http, https, socks4, socks4a, socks5, socks5h) instead of those that the
    /// environment names as http_proxy, https_proxy and all_proxy, but for no_proxy and this machine
    #[arg(long, value_name = "URL", value_parser = AddressParser::proxy())]
    pub(super) proxy: Option<Uri>,
}
