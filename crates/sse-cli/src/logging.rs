use std::{
    env,
    io::{IsTerminal, stderr},
};

use tracing::level_filters::LevelFilter;

/// Sends the log to standard error, in colours if that is a terminal and `NO_COLOR` is not set.
pub(crate) fn init(debug: bool) {
    let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_max_level(if debug { LevelFilter::DEBUG } else { LevelFilter::INFO })
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && !plain)
        // A closed standard error is no reason to panic.
        .log_internal_errors(false)
        .init();
}
