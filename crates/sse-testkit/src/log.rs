use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Dispatch, Level,
    dispatcher::{self, DefaultGuard},
    subscriber::NoSubscriber,
};

/// What is logged on the thread of a test.
///
/// ```
/// use sse_testkit::Log;
/// use tracing::Level;
///
/// let (log, _guard) = Log::start(Level::INFO);
/// tracing::info!(channel = 42, "closed");
/// tracing::debug!("not this");
/// assert!(log.text().ends_with("closed channel=42\n"));
/// assert_eq!(log.count("closed"), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// A log of what is at least as severe as `level`, written until the guard is dropped.
    pub fn start(level: Level) -> (Self, LogGuard) {
        let log = Self::default();
        let writer = log.clone();
        let beside = Dispatch::new(NoSubscriber::new());
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        let default = dispatcher::set_default(&Dispatch::new(subscriber));
        (log, LogGuard { _default: default, _beside: beside })
    }

    /// Everything that was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// How many of its lines hold `text`.
    pub fn count(&self, text: &str) -> usize {
        self.text().lines().filter(|line| line.contains(text)).count()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends a [`Log`] when it is dropped.
#[derive(Debug)]
pub struct LogGuard {
    _default: DefaultGuard,
    /// As long as a process has a single subscriber, tracing asks the subscriber of whichever thread
    /// comes to a line first whether that line is ever wanted, and remembers the answer for all. Beside
    /// a second one it asks both.
    _beside: Dispatch,
}
