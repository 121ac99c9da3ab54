use std::path::PathBuf;

use super::address::AdminAddress;

/// Where the operator looks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Admin address")]
pub(in crate::server) struct AdminArgs {
    /// Serve a page that shows what goes on, /metrics (for Prometheus), /healthz and /readyz on ADDR, and
    /// nowhere else: PORT or :PORT of 127.0.0.1, or HOST:PORT, with an IPv6 address in brackets; port 0 picks a
    /// free one. Where it listens is the second line of standard output. POST /revoke, /channels/TOKEN/end and /drain act on the server there,
    /// and the answer to POST /backup is a copy of what --data-dir holds.
    /// An address that other machines can reach needs the options below
    #[arg(long, value_name = "ADDR", allow_hyphen_values = true)]
    pub(super) admin: Option<AdminAddress>,

    /// Answer on the address of --admin only to the names and passwords in FILE, by HTTP Basic authentication;
    /// `eventsource-token hash` writes its lines, and what they permit does not matter
    #[arg(long, value_name = "FILE", requires = "admin")]
    pub(super) admin_passwords: Option<PathBuf>,

    /// Private key for TLS on the address of --admin, in PEM
    #[arg(long, value_name = "KEYFILE", requires_all = ["admin", "admin_certfile"])]
    pub(super) admin_keyfile: Option<PathBuf>,

    /// Certificate for TLS on the address of --admin, followed by the intermediate certificates, in PEM
    #[arg(long, value_name = "CERTFILE", requires_all = ["admin", "admin_keyfile"])]
    pub(super) admin_certfile: Option<PathBuf>,
}
