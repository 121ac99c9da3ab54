use std::time::Duration;

use crate::wire::Limits;

/// How a [`Client`](crate::Client) connects again, and what it delivers.
///
/// ```
/// use std::time::Duration;
/// use sse_core::client::ClientConfig;
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
    pub(super) stable_after: Duration,
    pub(super) max_retries: Option<u32>,
    pub(super) max_outage: Option<Duration>,
    pub(super) max_time: Option<Duration>,
    pub(super) response_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) persistence: bool,
    pub(super) initial_retry: bool,
    pub(super) status_retry: bool,
    pub(super) repetition: bool,
    pub(super) refresh: bool,
    pub(super) comments: bool,
    pub(super) system_events: bool,
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

    /// Sets the least that is waited, whatever the reconnection time or `Retry-After`. Default:
    /// 100 ms, so that `retry: 0` is no hot loop.
    #[must_use]
    pub fn with_reconnection_floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the most that is added to the wait, which is random and doubles with each failure. Default:
    /// 30 s. What the server asks for, by `retry:` or by `Retry-After`, is waited in full, unless it
    /// is more than a day: then the client [gives up](crate::client::RetryLimit::Wait).
    #[must_use]
    pub fn with_reconnection_cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets how long a stream must have been open to count as stable. Default: 5 s.
    ///
    /// Only then are the failures and retries before it forgotten, so that a server that takes
    /// connections and drops them is not asked as often as one that never fails.
    #[must_use]
    pub fn with_stable_after(mut self, time: Duration) -> Self {
        self.stable_after = time;
        self
    }

    /// Sets how often in a row to connect again before a stream is stable. Default: without end.
    #[must_use]
    pub fn with_max_retries(mut self, retries: u32) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Sets how long to try before a stream is stable. Default: without end.
    #[must_use]
    pub fn with_max_outage(mut self, time: Duration) -> Self {
        self.max_outage = Some(time);
        self
    }

    /// Sets after which time the client stops, whatever it does then. Default: never.
    #[must_use]
    pub fn with_max_time(mut self, time: Duration) -> Self {
        self.max_time = Some(time);
        self
    }

    /// Sets how long the head of an answer may take, with the connection and redirects. Default: 30 s.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Sets how long a stream may be silent before the connection counts as lost. Default: for ever.
    ///
    /// Any byte ends the silence, so a server that sends comments keeps a stream that has no events:
    /// take more than twice the time between them.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets whether to connect again also after answers and failures that otherwise stop the
    /// client. Default: no. A 204 stops it all the same.
    ///
    /// Of two clients that persist on a channel with one place, each takes it from the other again and
    /// again, at the [reconnection time](Self::with_reconnection_time) of the caller.
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

    /// Sets whether to connect again after 429 and 5xx, whatever the method, and not before their
    /// `Retry-After`. Default: no, as the standard has it.
    ///
    /// # Source
    ///
    /// HTML Standard, [Authoring notes][spec]: servers use such statuses to stop clients.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
    #[must_use]
    pub fn with_status_retry(mut self, status_retry: bool) -> Self {
        self.status_retry = status_retry;
        self
    }

    /// Sets whether a request may be sent again though its method is not idempotent, such as POST.
    /// Default: no; only a request that did not reach the server is repeated.
    ///
    /// # Source
    ///
    /// RFC 9110, section 9.2.2.
    #[must_use]
    pub fn with_repetition(mut self, repetition: bool) -> Self {
        self.repetition = repetition;
        self
    }

    /// Sets whether to ask for headers before each connection, by
    /// [`ClientOutput::Refresh`](crate::client::ClientOutput::Refresh). Default: no.
    #[must_use]
    pub fn with_refresh(mut self, refresh: bool) -> Self {
        self.refresh = refresh;
        self
    }

    /// Sets whether comments are delivered. Default: no.
    #[must_use]
    pub fn with_comments(mut self, comments: bool) -> Self {
        self.comments = comments;
        self
    }

    /// Sets whether the events by which a server speaks to the client, [`SystemEvent`](crate::client::SystemEvent),
    /// are delivered like any other. Default: no. What they say is done all the same.
    #[must_use]
    pub fn with_system_events(mut self, system_events: bool) -> Self {
        self.system_events = system_events;
        self
    }

    /// Sets the last event ID that the first request sends. Default: that of a `Last-Event-ID` among
    /// the headers of the request, or none.
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

    /// Whether there is a time after which the client stops.
    pub fn has_max_time(&self) -> bool {
        self.max_time.is_some()
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
            stable_after: Duration::from_secs(5),
            max_retries: None,
            max_outage: None,
            max_time: None,
            response_timeout: Duration::from_secs(30),
            idle_timeout: None,
            persistence: false,
            initial_retry: true,
            status_retry: false,
            repetition: false,
            refresh: false,
            comments: false,
            system_events: false,
            last_event_id: String::new(),
            limits: Limits::default(),
            seed: None,
        }
    }
}
