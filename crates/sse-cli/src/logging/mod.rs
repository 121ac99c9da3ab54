mod batches;
mod clock;
mod plain;

use std::{
    env,
    io::{IsTerminal, stderr},
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use batches::{Batches, Flush};
use clock::Clock;
use plain::Plain;

/// Sends the log to standard error, line by line.
pub(crate) fn init(debug: bool) {
    write_to(stderr, debug);
}

/// Sends the log to standard error in batches, a hundredth of a second late: a server writes a line
/// for each request. The rest is written when what is returned is dropped.
pub(crate) fn init_batches(debug: bool) -> Flush {
    let batches = Batches::start();
    write_to(batches.clone(), debug);
    batches.flush_on_drop()
}

/// In colours if standard error is a terminal and `NO_COLOR` is not set; what `RUST_LOG` names, if it is
/// set.
fn write_to(writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static, debug: bool) {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colors = stderr().is_terminal() && !no_color;
    let level = if debug { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_timer(Clock)
        .with_ansi(colors)
        // Whose line it is matters only to who looks for a fault.
        .with_target(debug)
        // A closed standard error is no reason to panic.
        .log_internal_errors(false);
    if colors {
        lines.init();
    } else {
        lines.event_format(Plain { with_target: debug }).init();
    }
}
