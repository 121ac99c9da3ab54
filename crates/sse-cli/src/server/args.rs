use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Parser, ValueEnum};
use sse_core::channel::{Mode, OnOverrun};

use super::{
    access::AccessArgs,
    admin::AdminArgs,
    data::{DataArgs, TASK},
    limits::LimitArgs,
    redis::RedisArgs,
};
use crate::{bounded, default_address, logging, path_prefix::PathPrefix};

/// Serves channels of server-sent events over HTTP.
///
/// A client listens on a channel with GET /poll/TOKEN. POST /ping/TOKEN publishes its body as an
/// event there, and POST /close/TOKEN ends the stream. The server prints its address to standard
/// output, logs to standard error, and stops on SIGINT, SIGTERM or SIGQUIT. SIGHUP reads every file
/// that an option names again, without touching a stream; where none does, it stops the server.
/// SIGUSR1 logs what it holds.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-server",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// Read options from FILE, in TOML: `port = 8080`, `debug = true`, `action = ["a", "b"]`. Each has its
    /// long name, at the top or in the table of its group (`[access]`, `[data]`, `[redis]`, `[limits]`, `[admin]`). A relative path in
    /// FILE begins at the folder of FILE. The command line goes before variables, these before FILE, and a
    /// list replaces the list below it
    #[arg(long = "config", value_name = "FILE")]
    _config: Option<PathBuf>,

    /// Check all options and the files that they name, print each option that is not the default and
    /// where it comes from, and exit without serving
    #[arg(long, group = TASK)]
    pub(super) check_config: bool,

    /// Address or name to bind
    #[arg(short = 'H', long, value_name = "HOST", default_value = default_address::HOST)]
    pub(super) host: String,

    /// Port to bind, 0 to 65535; 0 picks a free one
    #[arg(short = 'P', long, value_name = "PORT", default_value_t = default_address::PORT)]
    #[arg(value_parser = bounded::port_or_any, allow_hyphen_values = true)]
    pub(super) port: u16,

    /// Also log what happens on each connection
    #[arg(short, long)]
    pub(super) debug: bool,

    /// How to write the log
    #[arg(long, value_enum, default_value_t)]
    pub(super) log_format: logging::Format,

    /// Accept only JSON as data, and send it on one line
    #[arg(short, long)]
    pub(super) json: bool,

    /// Send a comment after MS milliseconds of silence, 0 to 4294967295; 0: never. Many proxies close a
    /// stream that is silent for a minute, some after 50 s
    #[arg(short, long, value_name = "MS", default_value = "15000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) keepalive: Duration,

    /// Number the events, and allow the action `retry`
    #[arg(short, long)]
    pub(super) id: bool,

    /// Private key for TLS, in PEM; read again, with the certificate, when either file changes
    #[arg(short = 'K', long, value_name = "KEYFILE", requires = "certfile")]
    pub(super) keyfile: Option<PathBuf>,

    /// Certificate for TLS, followed by the intermediate certificates, in PEM
    #[arg(short = 'C', long, value_name = "CERTFILE", requires = "keyfile")]
    pub(super) certfile: Option<PathBuf>,

    /// Allow one more POST action, which publishes events of that name; `retry` sets the
    /// reconnection time of the listeners instead. May be given more than once
    #[arg(long = "action", value_name = "NAME")]
    pub(super) actions: Vec<String>,

    /// Name of the action that listens [default: poll]
    #[arg(long, value_name = "NAME")]
    pub(super) listen: Option<String>,

    /// Path in front of /ACTION/TOKEN in every URL
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub(super) prefix: PathPrefix,

    /// Longest body of a POST, 0 to 1073741824 bytes
    #[arg(long, value_name = "BYTES", default_value = "1048576")]
    #[arg(value_parser = bounded::bytes, allow_hyphen_values = true)]
    pub(super) max_body: u64,

    /// Memory for the bodies that are arriving, 0 to 1099511627776 bytes; a POST that needs more is
    /// answered 503. One connection may use an eighth of it, or one body of the length of --max-body
    #[arg(long, value_name = "BYTES", default_value = "67108864")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) max_bodies: usize,

    /// Limit on the events of one POST, 1 to 4294967295; a POST of more is answered 413. With --json, a
    /// body of the type application/x-ndjson publishes one event a line
    #[arg(long, value_name = "COUNT", default_value = "10000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_batch: usize,

    /// Tell clients at the beginning of every stream to reconnect after MS milliseconds, 0 to
    /// 4294967295; the action `retry` changes it for a channel
    #[arg(long, value_name = "MS", default_value = "3000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) retry: Duration,

    /// Begin streams with a comment instead of the event `sse.open`; not with --history
    #[arg(long)]
    pub(super) no_greeting: bool,

    /// Accept requests whose Host is NAME; `*.example.org` accepts every name below example.org, and
    /// `*` every name. Other names get 403, except localhost and loopback addresses. By default a
    /// server on a loopback address accepts only these, and any other accepts every name. May be given
    /// more than once
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(super) allow_hosts: Vec<String>,

    /// Let pages of ORIGIN, such as https://app.example, use the server; `*`: pages of any origin. May
    /// be given more than once
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(super) allow_origins: Vec<String>,

    /// Let the pages of --allow-origin also send cookies and other credentials; not with `*`
    #[arg(long, requires = "allow_origins")]
    pub(super) allow_credentials: bool,

    /// How many clients may listen on a channel
    #[arg(long, value_enum, default_value_t)]
    pub(super) mode: ModeArg,

    /// Keep the last COUNT events of each channel for clients that reconnect, and accept events for
    /// channels without listeners, 0 to 4294967295; 0: keep none
    #[arg(long, value_name = "COUNT", default_value = "0")]
    #[arg(value_parser = bounded::count_or_zero, allow_hyphen_values = true)]
    pub(super) history: u32,

    /// Keep at most this many bytes of events in each channel, 0 to 1099511627776; an event takes 128
    /// beside its own. The oldest are forgotten first
    #[arg(long, value_name = "BYTES", default_value = "4194304")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) history_bytes: usize,

    /// Forget an event MS milliseconds after it was published, 0 to 4294967295; 0: never. Of a channel
    /// that is forgotten, its last position is kept for as long again
    #[arg(long, value_name = "MS", default_value = "3600000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) history_age: Duration,

    /// Keep at most this many bytes of events, idempotency keys and last positions in all channels, 0 to
    /// 1099511627776. Beyond it the largest histories shrink, also those of channels with listeners. No
    /// POST is refused for it. With --data-dir or --redis it is --history-memory instead [default:
    /// 268435456]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) max_history_bytes: Option<usize>,

    /// Publish a POST with an `Idempotency-Key` only once within MS milliseconds, 0 to 4294967295; 0:
    /// forget keys at once; with --history only [default: 300000]
    #[arg(long, value_name = "MS")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) key_window: Option<Duration>,

    /// Keep at most this many bytes of keys in each channel, 0 to 1099511627776; a key takes 128 beside
    /// its own. The oldest are forgotten first; with --history only, not with --redis [default: 262144]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = bounded::memory, allow_hyphen_values = true)]
    pub(super) key_bytes: Option<usize>,

    /// Hold at most this many bytes of events in each channel for listeners that have not read them, 1024
    /// to 1099511627776; an event takes 128 beside its own. Beyond it --overrun says what becomes of those
    /// that are furthest behind. A POST that is larger is answered 413 [default: 16777216, or twice
    /// --max-body if that is more]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = bounded::log, allow_hyphen_values = true)]
    pub(super) max_channel_bytes: Option<usize>,

    /// Hold at most this many bytes in all channels for listeners that have not read them, 1024 to
    /// 1099511627776. Beyond it --overrun says what becomes of those on the channels that hold the most
    /// [default: 268435456, or --max-channel-bytes if that is more]
    #[arg(long, value_name = "BYTES")]
    #[arg(value_parser = bounded::log, allow_hyphen_values = true)]
    pub(super) max_unread_bytes: Option<usize>,

    /// What to do with a listener that falls behind by more than --max-channel-bytes. With --data-dir or --redis it
    /// reads on from there instead
    #[arg(long, value_enum, default_value_t)]
    pub(super) overrun: OverrunArg,

    /// Close a connection whose client reads nothing for MS milliseconds, 0 to 4294967295; 0: never
    #[arg(long, value_name = "MS", default_value = "30000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) stall_timeout: Duration,

    /// Keep a channel closed for MS milliseconds after the action `close`, 0 to 4294967295. Clients
    /// that listen meanwhile get 204, after which a browser does not reconnect; 0: do not
    #[arg(long, value_name = "MS", default_value = "0")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) closed_ttl: Duration,

    /// Limit on channels, 1 to 4294967295. At the limit a new channel takes the place of the one that was
    /// used longest ago, of those without listeners; if all have listeners, the request gets 503
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_channels: usize,

    /// Limit on listeners on all channels, 1 to 4294967295; requests beyond it get 503. A listener that
    /// was replaced or cut counts until its connection ends
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_listeners: usize,

    /// Limit on listeners on one channel, 1 to 4294967295; requests beyond it get 503
    #[arg(long, value_name = "COUNT", default_value = "100000")]
    #[arg(value_parser = bounded::places, allow_hyphen_values = true)]
    pub(super) max_listeners_per_channel: usize,

    /// When the server stops, end the streams one by one over MS milliseconds, 0 to 4294967295, and
    /// spread the reconnections over as much time again; 0: all at once
    #[arg(long, value_name = "MS", default_value = "0")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) drain: Duration,

    /// Keep accepting connections for the time of --drain, for a proxy in front of the server; clients
    /// that want to listen are refused and told when to try again. By default the port is free at
    /// once for the next server
    #[arg(long)]
    pub(super) drain_accept: bool,

    /// Serve with COUNT threads, 1 to 1024; by default with one for each processor that the process may
    /// use
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = bounded::threads, allow_hyphen_values = true)]
    pub(super) workers: Option<usize>,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,

    #[command(flatten)]
    pub(super) access: AccessArgs,

    #[command(flatten)]
    pub(super) data: DataArgs,

    #[command(flatten)]
    pub(super) redis: RedisArgs,

    #[command(flatten)]
    pub(super) limits: LimitArgs,

    #[command(flatten)]
    pub(super) admin: AdminArgs,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum ModeArg {
    /// One listener; a second one is refused with 423
    #[default]
    Exclusive,
    /// Any number of listeners
    Shared,
    /// One listener; a new one replaces it
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
    /// Break its stream, so that it reconnects
    #[default]
    Close,
    /// Leave events out, and say so by `event: sse.gap`; in the middle of an event, break its stream
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
  RUST_LOG   what to log, instead of --debug: `warn` leaves out the line for each request
  EVENTSOURCE_MAX_BODY
             the option --max-body, and so for all: upper case, `_` for `-`. Where an option may be
             given more than once, each line is a value. A flag is true or false, which can turn off
             a flag of the file
  LISTEN_FDS, LISTEN_PID
      set by a service manager such as systemd that hands over a socket, TCP or Unix, which listens;
      the server accepts from it instead of binding --host and --port
  NOTIFY_SOCKET
      set by a service manager that wants to know when the server serves and when it ends

Examples:
  eventsource-server -i -k 50000
      numbered events; a comment after 50 s of silence
  eventsource-server --allow-host events.example
      behind a proxy on this machine that forwards the Host of the client
  eventsource-server -H :: -P 443 -K key.pem -C cert.pem
      on every address, over TLS
  eventsource-server --allow-origin https://app.example --allow-credentials
      also for pages of another origin, with cookies
  eventsource-server -H :: --jwks issuer.json --anonymous-listen news --ticket-key ticket.key
      on the internet: `news` is for everybody, all else for those with a token or a ticket
  eventsource-server --auth-url http://127.0.0.1:9000/check --cookie session \\
      --allow-host events.example --trusted-proxy 127.0.0.1
      behind a proxy on this machine, with the sessions of your own application
  eventsource-server --mode shared --history 100 --drain 10000
      for many listeners; one that reconnects gets the events it missed, or learns how many
  eventsource-server --mode shared --history 10000 --data-dir /var/lib/events
      the same over restarts: a POST is answered once its event is on disk
  eventsource-server --mode shared --history 10000 --redis redis://redis.example
      one of many: what is published at one of them reaches the listeners of all
  eventsource-server --data-dir /var/lib/events --backup /backup/history.redb
      a copy of that, also while a server runs; --check in its place says what is there
  eventsource-server --drain 10000 --drain-accept
      behind a proxy that takes a refused connection as a sign that the server is down
  eventsource-server --config /etc/eventsource-server.toml --check-config
      what a file means, before the server is started with it
  eventsource-server --admin 9090
      with figures for Prometheus at http://127.0.0.1:9090/metrics
  eventsource-server -j --action reading --prefix /events
      for JSON, published with POST /events/reading/TOKEN";
