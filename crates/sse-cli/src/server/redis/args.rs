use std::path::PathBuf;

use crate::server::data::HISTORIES;

/// Where many servers keep their histories together.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Redis")]
pub(in crate::server) struct RedisArgs {
    /// Keep histories in the Redis at URL, together with all other servers that do: what is published at one of them
    /// reaches the listeners of each, and a client goes on at any. redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://
    /// for TLS, and redis+sentinel://HOST[:PORT][,HOST...]/NAME for the primary that
    /// Sentinels call NAME. A password belongs into the
    /// configuration file or the variable EVENTSOURCE_REDIS: everybody on this machine can see arguments. Needs
    /// --history, and what --history, --history-bytes, --history-age and --key-window say holds for what is kept there.
    /// Redis has to be 7.0 or newer; the server begins to listen once it can be used
    #[arg(long, value_name = "URL", group = HISTORIES)]
    pub(super) redis: Option<String>,

    /// Begin the names of all keys in Redis with NAME; servers with another one have nothing to do with each other
    #[arg(long, value_name = "NAME", default_value = "sse", requires = "redis")]
    pub(super) redis_prefix: String,

    /// Know Redis over TLS by the certificates in FILE, in PEM, in place of those of the system
    #[arg(long, value_name = "FILE", requires = "redis")]
    pub(super) redis_ca: Option<PathBuf>,
}
