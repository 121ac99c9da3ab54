use std::time::Duration;

use crate::Limits;

/// How a [`Client`](crate::Client) connects again, and what it delivers.
///
/// ```
/// use std::time::Duration;
/// use sse_core::ClientConfig;
///
/// let config = ClientConfig::default()
///     .with_reconnection_time(Duration::from_secs(5))
///     .with_last_event_id("42");
/// ```
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub(super) reconnection: bool,
    pub(super) reconnection_time: Duration,
    pub(super) floor: Duration,
    pub(super) cap: Duration,
    pub(super) persistence: bool,
    pub(super) initial_retry: bool,
    pub(super) comments: bool,
    pub(super) last_event_id: String,
    pub(super) limits: Limits,
    pub(super) seed: Option<u64>,
}

impl ClientConfig {
    /// Sets whether to connect again after a connection. Default: yes.
    #[must_use]
    pub fn with_reconnection(mut self, reconnection: bool) -> Self {
        self.reconnection = reconnection;
        self
    }

    /// Sets the reconnection time until the server's `retry:` replaces it. Default: 3 s.
    ///
    /// # Source
    ///
    /// HTML Standard, [The `EventSource` interface][spec]: an implementation-defined value,
    /// probably in the region of a few seconds.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#concept-event-stream-reconnection-time
    #[must_use]
    pub fn with_reconnection_time(mut self, time: Duration) -> Self {
        self.reconnection_time = time;
        self
    }

    /// Sets the least that is waited, whatever the reconnection time. Default: 100 ms, so that
    /// `retry: 0` is no hot loop.
    #[must_use]
    pub fn with_reconnection_floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the most that the server's `retry:` can ask for, and the most that is added to the
    /// reconnection time after failures. Default: 30 s.
    #[must_use]
    pub fn with_reconnection_cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets whether to connect again also after answers and failures that otherwise stop the
    /// client. Default: no. A 204 stops it all the same.
    #[must_use]
    pub fn with_persistence(mut self, persistence: bool) -> Self {
        self.persistence = persistence;
        self
    }

    /// Sets whether a connection that fails is tried again before the first stream was open.
    /// Default: yes, as the standard has it; a script may want to know at once.
    #[must_use]
    pub fn with_initial_retry(mut self, initial_retry: bool) -> Self {
        self.initial_retry = initial_retry;
        self
    }

    /// Sets whether comments are delivered. Default: no.
    #[must_use]
    pub fn with_comments(mut self, comments: bool) -> Self {
        self.comments = comments;
        self
    }

    /// Sets the last event ID that the first request sends. Default: none.
    #[must_use]
    pub fn with_last_event_id(mut self, id: impl Into<String>) -> Self {
        self.last_event_id = id.into();
        self
    }

    /// Sets what the decoder may hold. Default: [`Limits::default`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets where the random part of each wait starts from. Default: none, which counts as 0.
    ///
    /// Clients of one server need different seeds, or they come back together. A driver that has a
    /// random source sets one where the caller [did not](Self::has_seed).
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether a seed was set.
    pub fn has_seed(&self) -> bool {
        self.seed.is_some()
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            reconnection: true,
            reconnection_time: Duration::from_secs(3),
            floor: Duration::from_millis(100),
            cap: Duration::from_secs(30),
            persistence: false,
            initial_retry: true,
            comments: false,
            last_event_id: String::new(),
            limits: Limits::default(),
            seed: None,
        }
    }
}
