mod batches;
mod clock;
mod line;

use std::{
    env,
    io::{IsTerminal, stderr},
    time::Duration,
};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use batches::{Batches, Flush};
use clock::Clock;
use line::Line;

/// What a line of the log is.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Text,
    /// A JSON object
    Json,
}

/// Sends the log to standard error, which is written by a thread of its own: no other thread waits for the
/// reader. The rest is written when what is returned is dropped.
pub(crate) fn init(debug: bool) -> Flush {
    start(debug, Format::Text, Duration::ZERO)
}

/// The same in batches, a hundredth of a second late: a server writes a line for each request.
pub(crate) fn init_batches(debug: bool, format: Format) -> Flush {
    start(debug, format, Duration::from_millis(10))
}

/// Text is in colours if standard error is a terminal and `NO_COLOR` is not set; what `RUST_LOG` names, if it is
/// set.
fn start(debug: bool, format: Format, delay: Duration) -> Flush {
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let with_colors = stderr().is_terminal() && !no_color;
    let batches = Batches::start(delay);
    let level = if debug { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .from_env_lossy()
        .add_directive(WITHOUT_SECRETS.parse().expect("it is a directive"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(batches.clone())
        // A closed standard error is no reason to panic.
        .log_internal_errors(false);
    match format {
        // Whose line it is matters only to who looks for a fault.
        Format::Text => {
            subscriber.event_format(Line { with_target: debug, with_colors }).init();
        }
        Format::Json => subscriber.json().flatten_event(true).with_timer(Clock).init(),
    }
    batches.flush_on_drop()
}

/// Of a path that is damaged this module writes all, and a ticket may stand in its query.
const WITHOUT_SECRETS: &str = "h2::server=info";
