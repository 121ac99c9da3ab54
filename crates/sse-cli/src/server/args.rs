use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Parser};

use crate::{bounded, path_prefix::PathPrefix};

/// Serves channels of server-sent events over HTTP.
///
/// A client listens on a channel with GET /poll/TOKEN; whoever sends POST /ping/TOKEN makes its
/// body an event there, and POST /close/TOKEN ends the stream. Says on standard output where it
/// listens, logs to standard error, and ends on SIGINT or SIGTERM.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-server",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// Address or name to bind
    #[arg(short = 'H', long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(super) host: String,

    /// Port to bind, 0 to 65535; 0 picks a free one
    #[arg(short = 'P', long, value_name = "PORT", default_value = "8888")]
    #[arg(value_parser = bounded::port_or_any, allow_hyphen_values = true)]
    pub(super) port: u16,

    /// Log what happens on each connection too
    #[arg(short, long)]
    pub(super) debug: bool,

    /// Take only JSON as data, and send it on one line
    #[arg(short, long)]
    pub(super) json: bool,

    /// Send a comment after MS milliseconds of silence, 0 to 4294967295; 0: never
    #[arg(short, long, value_name = "MS", default_value = "0")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) keepalive: Duration,

    /// Number the events, and allow the action `retry`
    #[arg(short, long)]
    pub(super) id: bool,

    /// Private key for TLS, in PEM
    #[arg(short = 'K', long, value_name = "KEYFILE", requires = "certfile")]
    pub(super) keyfile: Option<PathBuf>,

    /// Certificate for TLS and what leads from it to the root, in PEM
    #[arg(short = 'C', long, value_name = "CERTFILE", requires = "keyfile")]
    pub(super) certfile: Option<PathBuf>,

    /// Allow one more POST action, which publishes events of that name; `retry` sets the
    /// listeners' reconnection time; repeatable
    #[arg(long = "action", value_name = "NAME")]
    pub(super) actions: Vec<String>,

    /// The action that listens, if it is not `poll`
    #[arg(long, value_name = "NAME")]
    pub(super) listen: Option<String>,

    /// Path before the two segments of every URL
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub(super) prefix: PathPrefix,

    /// Longest body of a POST, 0 to 1073741824 bytes
    #[arg(long, value_name = "BYTES", default_value = "1048576")]
    #[arg(value_parser = bounded::bytes, allow_hyphen_values = true)]
    pub(super) max_body: u64,

    /// Let pages of ORIGIN, as in https://app.example, read answers; `*`: pages of any; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(super) allow_origins: Vec<String>,

    /// Let those pages send cookies and other credentials too; not with `*`
    #[arg(long, requires = "allow_origins")]
    pub(super) allow_credentials: bool,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

const EXAMPLES: &str = "\
Examples:
  eventsource-server -i -k 50000
      numbered events; a comment after 50 s of silence
  eventsource-server -H :: -P 443 -K key.pem -C cert.pem
      every address, over TLS
  eventsource-server --allow-origin https://app.example --allow-credentials
      for the pages of another origin too, with their cookies
  eventsource-server -j --action reading --prefix /events
      JSON, published by POST /events/reading/TOKEN";
