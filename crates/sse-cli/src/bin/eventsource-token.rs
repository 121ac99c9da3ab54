//! See `eventsource-token --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sse_cli::eventsource_token()
}
