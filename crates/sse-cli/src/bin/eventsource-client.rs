//! See `eventsource-client --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sse_cli::eventsource_client()
}
