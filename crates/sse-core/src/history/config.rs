use std::time::Duration;

/// What the channels of a hub remember for those who come later or come back.
///
/// The newest events of a channel, as many as all three bounds allow. A client that stands right before
/// them has missed nothing, and is told so.
///
/// A channel that nobody listens to and that remembers nothing is forgotten, but for its last position:
/// a client that stands there has missed nothing either.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{HubConfig, StringFormat, history::History};
///
/// # let from_a_random_source = 42;
/// let history = History::new(from_a_random_source)
///     .with_max_events(100)
///     .with_max_bytes(1 << 20)
///     .with_max_age(Some(Duration::from_secs(600)));
/// let config = HubConfig::new(StringFormat).with_history(history);
/// ```
#[derive(Clone, Debug)]
pub struct History {
    pub(crate) seed: u64,
    pub(crate) max_events: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_age: Option<Duration>,
    pub(crate) key_window: Duration,
    pub(crate) max_key_bytes: usize,
}

impl History {
    /// A history whose ids cannot be taken for those of another one.
    ///
    /// The `seed` has to come from a random source each time the process starts: a client that comes
    /// back with an id of the last process must not be told that it has missed nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            max_events: 1_000,
            max_bytes: 4 << 20,
            max_age: Some(Duration::from_secs(3600)),
            key_window: Duration::from_secs(300),
            max_key_bytes: 256 << 10,
        }
    }

    /// Sets how many events a channel remembers. Default: 1,000.
    #[must_use]
    pub fn with_max_events(mut self, max_events: usize) -> Self {
        self.max_events = max_events;
        self
    }

    /// Sets how many bytes the events that a channel remembers may take, the bookkeeping of each
    /// included. Default: 4 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets how long an event is remembered, and the last position of a forgotten channel; `None` for as
    /// long as there is room. Default: 1 h.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Option<Duration>) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets how long a channel remembers idempotency keys. Default: 5 min.
    #[must_use]
    pub fn with_key_window(mut self, key_window: Duration) -> Self {
        self.key_window = key_window;
        self
    }

    /// Sets how many bytes the idempotency keys of a channel may take, 128 for each beside its own length.
    /// Beyond that the oldest are forgotten. Default: 256 KiB, which is some 1,500 keys.
    #[must_use]
    pub fn with_max_key_bytes(mut self, max_key_bytes: usize) -> Self {
        self.max_key_bytes = max_key_bytes;
        self
    }

    /// How many events a channel remembers.
    pub fn max_events(&self) -> usize {
        self.max_events
    }

    /// How many bytes the events that a channel remembers may take.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// How long an event is remembered.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// How long a channel remembers idempotency keys.
    pub fn key_window(&self) -> Duration {
        self.key_window
    }

    /// How many bytes the idempotency keys of a channel may take.
    pub fn max_key_bytes(&self) -> usize {
        self.max_key_bytes
    }
}
