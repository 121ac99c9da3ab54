use std::time::Duration;

use clap::{ArgAction, Parser};

use crate::{bounded, default_address};

/// Measures how fast a server delivers events, how late, what it loses and what it costs.
///
/// Opens all listeners, publishes, and checks that every event reaches every listener once and in
/// order. `{channel}` in the URLs and the body is the number of the channel, and `{listener}` in the
/// URL to listen that of the listener. In the body, `{stamp}` is what the check needs, and `{pad}`
/// fills it up to `--size`. Prints a table, or an object with `--json`.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-bench",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// URL to listen, http only
    #[arg(long, value_name = "URL", default_value_t = default_address::url("/poll/{channel}"))]
    pub(super) listen: String,

    /// URL to publish, http only
    #[arg(long, value_name = "URL", default_value_t = default_address::url("/ping/{channel}"))]
    pub(super) publish: String,

    /// Method to publish with
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    pub(super) method: String,

    /// Header of each request to publish, such as `Authorization: Bearer 42`, or `@FILE` with one on
    /// each line, which other users of this machine do not see; may be given more than once
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,

    /// Header of each request to listen, or `@FILE`; may be given more than once
    #[arg(long = "listen-header", value_name = "NAME: VALUE")]
    pub(super) listen_headers: Vec<String>,

    /// Body to publish
    #[arg(long, value_name = "TEMPLATE", default_value = "{stamp} {pad}")]
    pub(super) body: String,

    /// Length to which `{pad}` fills the body, 0 to 1073741824 bytes
    #[arg(long, value_name = "BYTES", default_value = "100")]
    #[arg(value_parser = bounded::bytes, allow_hyphen_values = true)]
    pub(super) size: u64,

    /// Listeners, spread evenly over the channels, 1 to 1000000
    #[arg(short = 'l', long, value_name = "COUNT", default_value = "1000")]
    #[arg(value_parser = bounded::crowd, allow_hyphen_values = true)]
    pub(super) listeners: usize,

    /// Channels, published to in turn, 1 to 1000000
    #[arg(short = 'c', long, value_name = "COUNT", default_value = "1")]
    #[arg(value_parser = bounded::crowd, allow_hyphen_values = true)]
    pub(super) channels: usize,

    /// Publish with COUNT requests at a time, 1 to 10000
    #[arg(short = 'f', long, value_name = "COUNT", default_value = "32")]
    #[arg(value_parser = bounded::in_flight, allow_hyphen_values = true)]
    pub(super) in_flight: usize,

    /// Send the requests of --in-flight on one connection, and the next before the last is answered
    #[arg(long)]
    pub(super) pipeline: bool,

    /// Publish COUNT events per second, 1 to 1000000; by default as fast as the server takes them
    #[arg(short, long, value_name = "COUNT")]
    #[arg(value_parser = bounded::crowd, allow_hyphen_values = true)]
    pub(super) rate: Option<usize>,

    /// Publish for MS milliseconds, 1 to 4294967295
    #[arg(short, long, value_name = "MS", default_value = "10000")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) duration: Duration,

    /// Publish COUNT events, however long it takes
    #[arg(short = 'n', long, value_name = "COUNT", conflicts_with = "duration")]
    #[arg(value_parser = bounded::count, allow_hyphen_values = true)]
    pub(super) events: Option<u64>,

    /// Publish nothing for the time of --duration, and count the comments that keep streams alive
    #[arg(long, conflicts_with_all = ["events", "rate", "churn"])]
    pub(super) silent: bool,

    /// Meanwhile open or close COUNT connections per second at random, some of them before the answer, 1 to
    /// 1000000. Of what is published before a listener comes and after it goes nothing is expected. With
    /// --pid, wait until the server has closed all files, and print how many it has and its memory
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = bounded::crowd, allow_hyphen_values = true)]
    pub(super) churn: Option<usize>,

    /// Meanwhile read from --slow-listen with COUNT more listeners, whose events are not checked, 1 to
    /// 1000000
    #[arg(long, value_name = "COUNT", requires = "slow_listen")]
    #[arg(value_parser = bounded::crowd, allow_hyphen_values = true)]
    pub(super) slow: Option<usize>,

    /// URL for the listeners of --slow, http only
    #[arg(long, value_name = "URL", requires = "slow")]
    pub(super) slow_listen: Option<String>,

    /// How much each listener of --slow reads per second, at least 1 byte
    #[arg(long, value_name = "BYTES", default_value = "1000000")]
    #[arg(value_parser = bounded::count, allow_hyphen_values = true)]
    pub(super) slow_rate: u64,

    /// Wait MS milliseconds for events that are late, 1 to 4294967295
    #[arg(long, value_name = "MS", default_value = "10000")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) patience: Duration,

    /// Also print the CPU time and the memory of the server, a process on this machine; Linux only
    #[arg(long, value_name = "PID")]
    pub(super) pid: Option<u32>,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

const EXAMPLES: &str = "\
Examples:
  eventsource-bench --listeners 1000 --pid $(pgrep eventsource-ser)
      1000 listeners on one channel of `eventsource-server --mode shared`, as fast as possible
  eventsource-bench --listeners 1000 --rate 100 --duration 30000
      100 events a second: how late do they come?
  eventsource-bench --listeners 1000 --channels 1000
      a channel for each listener
  eventsource-bench --listeners 10000 --silent --duration 30000 --pid $(pgrep eventsource-ser)
      what do streams cost on which nothing happens?
  eventsource-bench --listen http://127.0.0.1/sub/{channel} --publish http://127.0.0.1/pub/{channel}
      nginx with nchan

Exits with 1 if an event was lost, came twice or came out of order.";
