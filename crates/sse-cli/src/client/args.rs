use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum};
use sse_core::{EventId, Token};

use crate::{bounded, channel_name, endpoint::EndpointArgs};

/// Listens on a channel and prints its events.
///
/// Events go to standard output, one a line; logs go to standard error. An end of the stream and a
/// lost connection are followed by a reconnection, until SIGINT or SIGTERM, or until the reader of
/// standard output goes away.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-client",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// Name of the channel
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin")]
    #[arg(value_parser = channel_name::token)]
    pub(super) token: Option<Token>,

    #[command(flatten)]
    pub(super) endpoint: EndpointArgs,

    /// Does nothing: certificates are verified unless --insecure is given
    #[arg(short = 'V', long)]
    _validate_cert: bool,

    /// Log what happens on the connection too
    #[arg(short, long)]
    pub(super) debug: bool,

    /// Reconnection time in milliseconds, 0 to 4294967295, until the server sets another; at
    /// least 100 are waited; 0: do not reconnect
    #[arg(short, long, value_name = "MS", default_value = "3000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) retry: Duration,

    /// Reconnect also after answers and failures that otherwise end the client
    #[arg(short, long)]
    pub(super) keep_reconnecting: bool,

    /// The action that listens
    #[arg(short, long, value_name = "ACTION", default_value = "poll")]
    #[arg(value_parser = channel_name::action)]
    pub(super) action: String,

    /// How events are printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: OutputFormat,

    /// Ask for what came after the event ID; with --stdin, what the stream starts from
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(super) last_event_id: EventId,

    /// Decode a stream from standard input instead of a server
    #[arg(long)]
    pub(super) stdin: bool,

    /// With -o json: print comments and changes of the reconnection time too
    #[arg(long)]
    pub(super) all: bool,

    /// End after N events, 1 to 18446744073709551615
    #[arg(long, value_name = "N")]
    #[arg(value_parser = bounded::count, allow_hyphen_values = true)]
    pub(super) count: Option<u64>,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

/// How one event becomes one line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Event<ID,NAME,DATA>, line breaks in the data as \n
    Text,
    /// {"type":NAME,"data":DATA,"id":ID}
    Json,
    /// The data alone and a line break
    Data,
}

const EXAMPLES: &str = "\
Exit status:
  0 after --count events, a 204, SIGINT or SIGTERM, the end of --stdin, or when standard output
  is closed; 1 when it gives up, with the reason on standard error; 2 for a wrong use.

Examples:
  eventsource-client 42:42:42:42:42:42 -r 5000
      print events as Event<0,ping,42>
  eventsource-client news -H example.org -P 443 -S -o json --count 1
      print the next event as JSON
  curl -sN http://127.0.0.1:8888/poll/42 | eventsource-client --stdin -o data
      decode what another program fetches";
