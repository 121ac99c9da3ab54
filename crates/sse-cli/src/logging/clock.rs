use std::{
    cell::RefCell,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime as Calendar},
};

/// The time of a log line, in UTC. The calendar is asked once a second, not once a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SECOND.with_borrow_mut(|(second, text)| {
            if *second != Some(since_epoch.as_secs()) {
                text.clear();
                Calendar.format_time(&mut Writer::new(text))?;
                text.truncate("2026-01-01T00:00:00".len());
                *second = Some(since_epoch.as_secs());
            }
            write!(writer, "{text}.{:06}Z", since_epoch.subsec_micros())
        })
    }
}

thread_local! {
    /// The last second that was asked for, and its text.
    static SECOND: RefCell<(Option<u64>, String)> = const { RefCell::new((None, String::new())) };
}
