use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Parser, ValueEnum};
use sse_core::{Mode, OnOverrun};

use crate::{bounded, path_prefix::PathPrefix};

/// Serves channels of server-sent events over HTTP.
///
/// A client listens on a channel with GET /poll/TOKEN; whoever sends POST /ping/TOKEN makes its
/// body an event there, and POST /close/TOKEN ends the stream. Says on standard output where it
/// listens, logs to standard error, and ends on SIGINT, SIGTERM or SIGHUP.
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

    /// Send a comment after MS milliseconds of silence, 0 to 4294967295, which proxies take for 50 s at
    /// most; 0: never
    #[arg(short, long, value_name = "MS", default_value = "15000")]
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

    /// Most bytes of all bodies that are arriving, 0 to 1099511627776, an eighth of it on one
    /// connection; beyond, 503. One body of the greatest length always fits
    #[arg(long, value_name = "BYTES", default_value = "67108864")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) max_bodies: usize,

    /// Reconnection time that every stream begins with, 0 to 4294967295 ms, until a retry action on its
    /// channel sets another
    #[arg(long, value_name = "MS", default_value = "3000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) retry: Duration,

    /// Begin streams with a comment in the place of the event `sse.open`; not with --history
    #[arg(long)]
    pub(super) no_greeting: bool,

    /// Let the server be asked under the host NAME too, or `*.` and a name for all below it; any other
    /// is answered 403, but for names of this machine. `*`: any. Without it any may be, unless the
    /// address that is bound is of this machine alone; repeatable
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(super) allow_hosts: Vec<String>,

    /// Let pages of ORIGIN, as in https://app.example, read answers; `*`: pages of any; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(super) allow_origins: Vec<String>,

    /// Let those pages send cookies and other credentials too; not with `*`
    #[arg(long, requires = "allow_origins")]
    pub(super) allow_credentials: bool,

    /// Who may listen on a channel: one, any number, or the one that came last
    #[arg(long, value_enum, default_value_t)]
    pub(super) mode: ModeArg,

    /// Let channels remember their newest COUNT events, and take events for channels that nobody
    /// listens on, 0 to 4294967295; 0: do not
    #[arg(long, value_name = "COUNT", default_value = "0")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    pub(super) history: u32,

    /// Most bytes that a channel remembers, 0 to 1099511627776
    #[arg(long, value_name = "BYTES", default_value = "4194304")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) history_bytes: usize,

    /// Forget an event after MS milliseconds, 0 to 4294967295; 0: never
    #[arg(long, value_name = "MS", default_value = "3600000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) history_age: Duration,

    /// Most bytes that all channels remember together, 0 to 1099511627776; then those forget first
    /// that nobody listens on, and without any, POST is answered 503
    #[arg(long, value_name = "BYTES", default_value = "268435456")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) max_history_bytes: usize,

    /// What becomes of a listener that reads too slowly: its stream is closed, or told of a gap
    #[arg(long, value_enum, default_value_t)]
    pub(super) overrun: OverrunArg,

    /// Close a connection whose client takes nothing for MS milliseconds, 0 to 4294967295; 0: never
    #[arg(long, value_name = "MS", default_value = "30000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) stall_timeout: Duration,

    /// Keep a channel closed for MS milliseconds after the finish action, 0 to 4294967295, and answer
    /// its listeners 204, so that browsers do not come back; 0: do not
    #[arg(long, value_name = "MS", default_value = "0")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) closed_ttl: Duration,

    /// Most channels, 1 to 4294967295; beyond, 503
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_channels: usize,

    /// Most listeners on all channels, 1 to 4294967295; beyond, 503
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_listeners: usize,

    /// Most listeners on one channel, 1 to 4294967295; beyond, 503
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_listeners_per_channel: usize,

    /// At the end, spread the ends of the streams and the clients' return over MS milliseconds each, 0
    /// to 4294967295; 0: all at once
    #[arg(long, value_name = "MS", default_value = "0")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) drain: Duration,

    /// Keep the listening socket open for the time of --drain, for a proxy in front of the server; who
    /// comes to listen is told to come later. Otherwise it closes at once, so that the next server can
    /// take the port
    #[arg(long)]
    pub(super) drain_accept: bool,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ModeArg {
    /// One listener; who comes second is answered 423
    #[default]
    Exclusive,
    /// Any number of listeners
    Shared,
    /// One listener; who comes second takes its place
    Takeover,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Exclusive => Self::Exclusive,
            ModeArg::Shared => Self::Shared,
            ModeArg::Takeover => Self::Takeover,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum OverrunArg {
    /// End its stream with an error, so that it comes back
    #[default]
    Close,
    /// Send it `event: sse.gap` and go on
    Gap,
}

impl From<OverrunArg> for OnOverrun {
    fn from(overrun: OverrunArg) -> Self {
        match overrun {
            OverrunArg::Close => Self::Close,
            OverrunArg::Gap => Self::Gap,
        }
    }
}

const EXAMPLES: &str = "\
Environment:
  RUST_LOG   what is logged, in the place of --debug: `warn` leaves out the line of each request

Examples:
  eventsource-server -i -k 50000
      numbered events; a comment after 50 s of silence
  eventsource-server --allow-host events.example
      for a proxy on this machine that passes on under which name it was asked
  eventsource-server -H :: -P 443 -K key.pem -C cert.pem
      every address, over TLS
  eventsource-server --allow-origin https://app.example --allow-credentials
      for the pages of another origin too, with their cookies
  eventsource-server --mode shared --history 100 --drain 10000
      crowds; who comes back gets what it missed, or is told how much it missed
  eventsource-server --drain 10000 --drain-accept
      behind a proxy that takes a refused connection for a server that is down
  eventsource-server -j --action reading --prefix /events
      JSON, published by POST /events/reading/TOKEN";
