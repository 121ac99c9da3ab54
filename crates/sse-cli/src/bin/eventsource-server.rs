//! See `eventsource-server --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sse_cli::eventsource_server()
}
