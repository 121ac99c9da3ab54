use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{ArgAction, Parser, ValueEnum};
use http::{Method, Uri};
use sse_core::{Token, event::EventId};

use super::method;
use crate::{
    bounded, channel_name,
    endpoint::{AddressParser, EndpointArgs},
};

/// Listens to a stream and prints its events.
///
/// Prints events to standard output, one per line, and logs to standard error. Reconnects when the
/// stream ends or the connection is lost, until a signal comes or standard output is closed.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-client",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// Name of the channel
    #[arg(required_unless_present_any = ["stdin", "url"], conflicts_with = "stdin")]
    #[arg(value_parser = channel_name::token)]
    pub(super) token: Option<Token>,

    /// Listen to any URL instead of a channel, typed as in a browser
    #[arg(long, value_name = "URL", value_parser = AddressParser::url())]
    #[arg(conflicts_with_all = ["token", "stdin", "host", "port", "ssl", "prefix", "action"])]
    pub(super) url: Option<Uri>,

    #[command(flatten)]
    pub(super) endpoint: EndpointArgs,

    #[command(flatten)]
    pub(super) request: RequestArgs,

    /// Does nothing: certificates are verified unless --insecure is given
    #[arg(short = 'V', long)]
    _validate_cert: bool,

    /// Also log what happens on the connection
    #[arg(short, long)]
    pub(super) debug: bool,

    #[command(flatten)]
    pub(super) reconnection: ReconnectionArgs,

    /// Name of the action that listens
    #[arg(short, long, value_name = "ACTION", default_value = "poll")]
    #[arg(value_parser = channel_name::action)]
    pub(super) action: String,

    /// How events are printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: OutputFormat,

    /// Ask for the events after this event ID; with --stdin, the ID that the stream starts from
    #[arg(long, value_name = "ID")]
    pub(super) last_event_id: Option<EventId>,

    /// Decode a stream from standard input instead of a server
    #[arg(long, conflicts_with_all = ["insecure", "cacert", "password_file", "proxy"])]
    pub(super) stdin: bool,

    /// With -o json: also print comments, changes of the reconnection time, and the events that the
    /// server sends to the client itself, such as sse.open; --count and --until ignore all these
    #[arg(long)]
    pub(super) all: bool,

    /// Print only events of this type; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(super) event: Vec<String>,

    /// Exit after N events, 1 to 18446744073709551615
    #[arg(long, value_name = "N")]
    #[arg(value_parser = bounded::count, allow_hyphen_values = true)]
    pub(super) count: Option<u64>,

    /// Exit at the event with this data, without printing it
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    pub(super) until: Option<String>,

    /// Run `sh -c CMD` for each event instead of printing it, one at a time. It gets the data on
    /// standard input, and type and ID in SSE_TYPE and SSE_ID. It runs in a process group of its own,
    /// which the terminal's Ctrl-C does not reach
    #[arg(long, value_name = "CMD", conflicts_with_all = ["output", "all"])]
    pub(super) exec: Option<String>,

    /// Save the ID of each event in FILE, and resume from it in the next run
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

/// What to request, and by which way.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = None)]
pub(super) struct RequestArgs {
    /// Send a header, as `Name: value`; may be given more than once. It is not sent on to another
    /// origin, and the client does not follow a redirect from https to http with it, unless it is
    /// one of a few that are known to be no secrets, such as Accept, Content-Type and User-Agent. `@FILE` sends
    /// the headers in a file, one on each line, which other users of this machine do not see, and `@-`
    /// those on standard input
    #[arg(long, value_name = "HEADER", conflicts_with = "stdin")]
    pub(super) header: Vec<OsString>,

    /// Method of the request, other than HEAD and CONNECT [default: GET, or POST with --data]
    #[arg(long, value_name = "METHOD", value_parser = method::parse, conflicts_with = "stdin")]
    pub(super) method: Option<Method>,

    /// Body of the request; `-` reads standard input, `@FILE` a file
    #[arg(long, value_name = "DATA", conflicts_with = "stdin", allow_hyphen_values = true)]
    pub(super) data: Option<String>,
}

/// When to connect again.
#[derive(clap::Args, Debug)]
pub(super) struct ReconnectionArgs {
    /// Reconnect after MS milliseconds, 0 to 4294967295, but at least 100, until the server sets
    /// another time; 0: do not reconnect
    #[arg(short, long, value_name = "MS", default_value = "3000")]
    #[arg(value_parser = bounded::millis_or_zero, allow_hyphen_values = true)]
    pub(super) retry: Duration,

    /// Also reconnect after responses and failures that otherwise end the client, repeat a request
    /// with --data, and take the place back that another listener has taken
    #[arg(short, long)]
    pub(super) keep_reconnecting: bool,

    /// Also reconnect after 429 and 5xx, when the server's Retry-After allows it, and repeat a request
    /// with --data
    #[arg(long, conflicts_with = "stdin")]
    pub(super) retry_status: bool,

    /// Reconnect after MS milliseconds without a byte of an open stream, 1 to 4294967295
    #[arg(long, value_name = "MS", conflicts_with = "stdin")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) idle_timeout: Option<Duration>,

    /// Give up after MS milliseconds in all, 1 to 4294967295, once a running command has finished
    #[arg(long, value_name = "MS", conflicts_with = "stdin")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) max_time: Option<Duration>,
}

/// How one event becomes one line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Event<ID,NAME,DATA>, with line breaks in the data as \n and other control characters as \u{1b}
    Text,
    /// {"type":NAME,"data":DATA,"id":ID}
    Json,
    /// The data alone and a line break; control characters are escaped only on a terminal
    Data,
}

const EXAMPLES: &str = "\
Signals:
  SIGINT, SIGTERM, SIGHUP and SIGQUIT end the client, the last two unless they were ignored when it
  started. While --exec runs a command, the first signal waits for the command and keeps its ID, the
  second is passed on to the whole process group of the command, and the third ends the client at
  once.

Exit status:
  0 after --count events, --until, a 204, a signal, the end of --stdin or of the response to a POST,
  or when standard output is closed; 1 when it gives up, with the reason on standard error, and
  after a second signal; 2 if the arguments are wrong.

Examples:
  eventsource-client 42:42:42:42:42:42 -r 5000
      print events as Event<0,ping,42>
  eventsource-client news -H example.org -P 443 -S -o json --count 1
      print the next event as JSON
  eventsource-client --url https://example.org/v1/chat --header @key.txt \\
      --header 'Content-Type: application/json' --data @ask.json -o data --until '[DONE]'
      print the response of a language model as it arrives; in key.txt: Authorization: Bearer KEY
  eventsource-client jobs --state jobs.id --exec 'jq .name'
      handle each event once, over all runs
  curl -sN http://127.0.0.1:8888/poll/42 | eventsource-client --stdin -o data
      decode the stream that another program fetches";
