//! See `eventsource-bench --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sse_cli::eventsource_bench()
}
