use std::{sync::Arc, time::Duration};

use crate::{ActionSet, Format, IdSource, LogConfig, Mode, SubscriptionConfig};

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
        }
    }

    /// Gives every event an id from `ids`. Default: events have none.
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

    /// Sets how many bytes all logs together may hold. Default: 256 MiB.
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
}
