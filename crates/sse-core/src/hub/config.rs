use std::{fmt, sync::Arc, time::Duration};

use crate::{
    ActionSet, Format, History, IdSource, LogConfig, Mode, OnOverrun, SubscriptionConfig, Token,
};

/// What a [`Hub`](crate::Hub) publishes, for whom, and how much it may hold.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{Action, Counter, Hub, HubConfig, Mode, StringFormat, ActionSet};
///
/// let hub = Hub::new(
///     HubConfig::new(StringFormat)
///         .with_ids(Counter::default())
///         .with_actions(ActionSet::default().with_action("retry", Action::Retry)?)
///         .with_mode(Mode::Shared)
///         .with_keepalive(Some(Duration::from_secs(30))),
/// );
/// # Ok::<(), sse_core::ActionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HubConfig {
    pub(super) format: Arc<dyn Format>,
    pub(super) ids: Option<Arc<dyn IdSource>>,
    pub(super) actions: ActionSet,
    pub(super) mode: Mode,
    pub(super) subscription: SubscriptionConfig,
    pub(super) log: LogConfig,
    pub(super) max_total_bytes: usize,
    pub(super) mode_of: Option<ModeOf>,
    pub(super) history: Option<History>,
    pub(super) max_history_bytes: usize,
    pub(super) retry: Duration,
    pub(super) has_greeting: bool,
    pub(super) closed_ttl: Option<Duration>,
    pub(super) max_channels: usize,
    pub(super) max_listeners: usize,
    pub(super) max_channel_listeners: usize,
}

impl HubConfig {
    /// Events in `format`, under its actions, without ids, on exclusive channels.
    pub fn new(format: impl Format) -> Self {
        Self {
            actions: format.actions(),
            format: Arc::new(format),
            ids: None,
            mode: Mode::default(),
            subscription: SubscriptionConfig::default(),
            log: LogConfig::default(),
            max_total_bytes: 256 << 20,
            mode_of: None,
            history: None,
            max_history_bytes: 256 << 20,
            retry: Duration::from_secs(3),
            has_greeting: true,
            closed_ttl: None,
            max_channels: 100_000,
            max_listeners: 100_000,
            max_channel_listeners: 100_000,
        }
    }

    /// Gives every event an id from `ids`. Default: events have none, but for [`Self::with_history`].
    #[must_use]
    pub fn with_ids(mut self, ids: impl IdSource) -> Self {
        self.ids = Some(Arc::new(ids));
        self
    }

    /// Sets the actions. Default: those of the format.
    #[must_use]
    pub fn with_actions(mut self, actions: ActionSet) -> Self {
        self.actions = actions;
        self
    }

    /// Sets how many may listen on one channel. Default: [`Mode::Exclusive`].
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Lets `mode` say how many may listen on each channel, when the channel begins to exist. Default:
    /// what [`Self::with_mode`] says.
    ///
    /// ```
    /// use sse_core::{HubConfig, Mode, StringFormat};
    ///
    /// let config = HubConfig::new(StringFormat).with_mode_of(|token| {
    ///     if token.as_str().starts_with("news:") { Mode::Shared } else { Mode::Exclusive }
    /// });
    /// ```
    #[must_use]
    pub fn with_mode_of(mut self, mode: impl Fn(&Token) -> Mode + Send + Sync + 'static) -> Self {
        self.mode_of = Some(ModeOf(Arc::new(mode)));
        self
    }

    /// Lets channels remember their events, which get the ids of their positions. Default: they do
    /// not.
    ///
    /// A publication is then accepted whether or not anyone listens, and a listener that comes back
    /// with the id of the last event it saw gets all it has missed, or is told that it may have
    /// missed more.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.history = Some(history);
        self
    }

    /// Sets how many bytes the histories of all channels may take together. Default: 256 MiB.
    ///
    /// Beyond it, the histories go first that were added to longest ago and that nobody listens to;
    /// without any, publications are refused.
    #[must_use]
    pub fn with_max_history_bytes(mut self, max_history_bytes: usize) -> Self {
        self.max_history_bytes = max_history_bytes;
        self
    }

    /// Sets the reconnection time in the first block of a stream, until a retry action on the channel
    /// says another. Default: 3 s.
    ///
    /// A time that an earlier server gave, such as that of its drain, stays with an `EventSource`
    /// until another one replaces it.
    #[must_use]
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = retry;
        self
    }

    /// Sets whether a stream begins with `event: sse.open`, or with a comment in its place. Default: it
    /// does. A hub with history cannot do without.
    #[must_use]
    pub fn with_greeting(mut self, has_greeting: bool) -> Self {
        self.has_greeting = has_greeting;
        self
    }

    /// Sets what becomes of a listener that reads too slowly. Default: [`OnOverrun::Close`].
    #[must_use]
    pub fn with_on_overrun(mut self, on_overrun: OnOverrun) -> Self {
        self.subscription = self.subscription.with_on_overrun(on_overrun);
        self
    }

    /// Sets how long the token of a channel that was finished stays closed: its listeners are told
    /// `event: sse.end`, and who comes meanwhile that there will be nothing more. Default: not at all.
    #[must_use]
    pub fn with_closed_ttl(mut self, closed_ttl: Option<Duration>) -> Self {
        self.closed_ttl = closed_ttl;
        self
    }

    /// Sets how many channels there may be. Default: 100,000.
    #[must_use]
    pub fn with_max_channels(mut self, max_channels: usize) -> Self {
        self.max_channels = max_channels;
        self
    }

    /// Sets how many may listen, on all channels together. Default: 100,000.
    #[must_use]
    pub fn with_max_listeners(mut self, max_listeners: usize) -> Self {
        self.max_listeners = max_listeners;
        self
    }

    /// Sets how many may listen on one channel. Default: 100,000.
    #[must_use]
    pub fn with_max_channel_listeners(mut self, max_channel_listeners: usize) -> Self {
        self.max_channel_listeners = max_channel_listeners;
        self
    }

    /// Sets the silence after which a listener is sent a comment, or `None` for never.
    /// Default: 15 s, see [`SubscriptionConfig::with_keepalive`].
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Option<Duration>) -> Self {
        self.subscription = self.subscription.with_keepalive(keepalive);
        self
    }

    /// Sets what the log of one channel may hold. Default: [`LogConfig::default`].
    #[must_use]
    pub fn with_log(mut self, log: LogConfig) -> Self {
        self.log = log;
        self
    }

    /// Sets how many bytes all logs together may hold for listeners that have not read them, beside
    /// what is remembered. Default: 256 MiB.
    ///
    /// Beyond it, the listeners of the channels that are furthest behind are cut.
    #[must_use]
    pub fn with_max_total_bytes(mut self, max_total_bytes: usize) -> Self {
        self.max_total_bytes = max_total_bytes;
        self
    }

    /// The event format.
    pub fn format(&self) -> &dyn Format {
        &*self.format
    }

    /// The actions.
    pub fn actions(&self) -> &ActionSet {
        &self.actions
    }

    /// What becomes of a listener that reads too slowly.
    pub fn on_overrun(&self) -> OnOverrun {
        self.subscription.on_overrun()
    }

    /// What the channels remember, if they do.
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    pub(super) fn mode_of(&self, token: &Token) -> Mode {
        self.mode_of.as_ref().map_or(self.mode, |ModeOf(mode_of)| mode_of(token))
    }
}

/// Why a hub cannot be configured so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The ids of a hub with history are positions, which no other source knows.
    #[error("a hub with history makes its own ids and takes no id source")]
    Ids,
    /// The greeting says where a listener of a hub with history begins.
    #[error("a hub with history begins its streams with a greeting")]
    Greeting,
}

#[derive(Clone)]
pub(super) struct ModeOf(Arc<dyn Fn(&Token) -> Mode + Send + Sync>);

impl fmt::Debug for ModeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModeOf").finish_non_exhaustive()
    }
}
