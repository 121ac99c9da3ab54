use std::path::PathBuf;

use clap::Args;

use super::Host;
use crate::{bounded, path_prefix::PathPrefix};

/// Which server, and how to reach it.
#[derive(Args, Debug)]
pub(crate) struct EndpointArgs {
    /// Address or name of the server
    #[arg(short = 'H', long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(super) host: Host,

    /// Port of the server, 1 to 65535
    #[arg(short = 'P', long, value_name = "PORT", default_value = "8888")]
    #[arg(value_parser = bounded::port, allow_hyphen_values = true)]
    pub(super) port: u16,

    /// Use https, and verify the server's certificate against the roots of the system
    #[arg(short = 'S', long)]
    pub(super) ssl: bool,

    /// With --ssl: accept any certificate
    #[arg(long)]
    pub(super) insecure: bool,

    /// With --ssl: also trust the root certificates in FILE, in PEM
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,

    /// Path in front of /ACTION/TOKEN in every URL
    #[arg(short = 'x', long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(super) prefix: PathPrefix,

    /// User for HTTP basic authentication
    #[arg(short, long, value_name = "USER", value_parser = user)]
    pub(super) user: Option<String>,

    /// Password for HTTP basic authentication; other users of this machine can see it
    #[arg(short, long, value_name = "PASSWORD", requires = "user")]
    pub(super) password: Option<String>,
}

fn user(text: &str) -> Result<String, UserError> {
    if text.contains(':') { Err(UserError) } else { Ok(text.to_owned()) }
}

/// A name that would end early: a colon divides it from the password.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a user's name has no colon")]
struct UserError;
