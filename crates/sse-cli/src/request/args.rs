use std::{ffi::OsString, time::Duration};

use clap::{ArgAction, Parser};
use sse_core::Token;

use crate::{bounded, channel_name, endpoint::EndpointArgs};

/// Publishes an event on a channel.
///
/// Prints only the body of the response, if it has one. Control characters in it are escaped if
/// standard output is a terminal, and always in the reason of a refusal, of which 4 KiB are shown.
#[derive(Debug, Parser)]
#[command(
    name = "eventsource-request",
    version,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// Name of the channel
    #[arg(value_parser = channel_name::token)]
    pub(super) token: Token,

    /// What to do: `ping` publishes an event, `close` ends the stream
    #[arg(value_parser = channel_name::action)]
    pub(super) action: String,

    /// The data; `-` reads standard input, `@FILE` a file
    #[arg(default_value = "", hide_default_value = true, allow_negative_numbers = true)]
    pub(super) data: String,

    #[command(flatten)]
    pub(super) endpoint: EndpointArgs,

    /// Send a header, as `Name: value`, or those in a file, one a line, as `@FILE` or `@-`; may be given
    /// more than once
    #[arg(long, value_name = "HEADER")]
    pub(super) header: Vec<OsString>,

    /// Check that the data is JSON, and send it as such
    #[arg(short, long)]
    pub(super) json: bool,

    /// Send DATA unchanged, even if it is `-` or begins with `@`
    #[arg(long)]
    pub(super) raw: bool,

    /// Give up after MS milliseconds, 1 to 4294967295
    #[arg(long, value_name = "MS", default_value = "30000")]
    #[arg(value_parser = bounded::millis, allow_hyphen_values = true)]
    pub(super) timeout: Duration,

    /// Print version
    #[arg(long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

const EXAMPLES: &str = "\
Exit status:
  0 if it was published, 1 if it was not, with the reason on standard error; 2 if the arguments are
  wrong.

Examples:
  eventsource-request 42:42:42:42:42:42 ping \"42\"
      publish the data 42
  eventsource-request 42:42:42:42:42:42 ping -j @reading.json
      publish a file, if it is JSON
  eventsource-request 42:42:42:42:42:42 close
      end the stream";
