use std::{fmt, sync::Arc, time::Duration};

use crate::{
    Token,
    action::ActionSet,
    channel::{ChannelConfig, Mode, OnOverrun},
    format::Format,
    history::History,
    id_source::IdSource,
    store::Store,
};

/// What a [`Hub`](crate::Hub) publishes, for whom, and how much it may hold.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{
///     Hub, HubConfig, StringFormat,
///     action::{Action, ActionSet},
///     channel::Mode,
///     id_source::Counter,
/// };
///
/// let hub = Hub::new(
///     HubConfig::new(StringFormat)
///         .with_ids(Counter::default())
///         .with_actions(ActionSet::default().with_action("retry", Action::Retry)?)
///         .with_mode(Mode::Shared)
///         .with_keepalive(Some(Duration::from_secs(30))),
/// );
/// # Ok::<(), sse_core::action::ActionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HubConfig {
    pub(super) format: Arc<dyn Format>,
    pub(super) ids: Option<Arc<dyn IdSource>>,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) actions: ActionSet,
    pub(super) mode: Mode,
    pub(super) mode_of: Option<ModeOf>,
    pub(super) channel: ChannelConfig,
    pub(super) max_batch: usize,
    pub(super) max_total_bytes: usize,
    pub(super) max_history_bytes: usize,
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
            store: None,
            mode: Mode::default(),
            mode_of: None,
            channel: ChannelConfig::default(),
            max_batch: 10_000,
            max_total_bytes: 256 << 20,
            max_history_bytes: 256 << 20,
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
    /// use sse_core::{HubConfig, StringFormat, channel::Mode};
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
        self.channel.history = Some(history);
        self
    }

    /// Keeps the histories of [`Self::with_history`] in `store`, so that they outlive the process. Default: they are
    /// kept in memory.
    ///
    /// What is published goes to the store first, and is delivered once it is safe there: with
    /// [`Hub::submit`](crate::Hub::submit) and [`Hub::join`](crate::Hub::join), which every driver of a
    /// [`Gateway`](crate::Gateway) uses. A listener that falls behind in the log of its channel is not cut, but reads
    /// on from the store.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        (self.channel.has_store, self.channel.is_store_shared) = (true, store.is_shared());
        self.store = Some(store);
        self
    }

    /// Sets how many bytes the histories of all channels may take together, with their idempotency keys
    /// and with what forgotten channels leave behind. Default: 256 MiB.
    ///
    /// Beyond it the largest histories shrink, whether or not someone listens there. What is published is
    /// delivered all the same, and a client that comes back for what has gone is told so.
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
        self.channel.retry = retry;
        self
    }

    /// Sets whether a stream begins with `event: sse.open`, or with a comment in its place. Default: it
    /// does. A hub with history cannot do without.
    #[must_use]
    pub fn with_greeting(mut self, has_greeting: bool) -> Self {
        self.channel.has_greeting = has_greeting;
        self
    }

    /// Sets what becomes of a listener that reads too slowly. Default: [`OnOverrun::Close`].
    #[must_use]
    pub fn with_on_overrun(mut self, on_overrun: OnOverrun) -> Self {
        self.channel.on_overrun = on_overrun;
        self
    }

    /// Sets how long the token of a channel that was finished stays closed: its listeners are told
    /// `event: sse.end`, and a client that comes meanwhile that there will be nothing more. Default: not
    /// at all.
    #[must_use]
    pub fn with_closed_ttl(mut self, closed_ttl: Option<Duration>) -> Self {
        self.channel.closed_ttl = closed_ttl;
        self
    }

    /// Sets how many channels there may be. Default: 100,000.
    ///
    /// Where there are as many, the one gives way that was used longest ago of those that nobody listens
    /// to, and leaves a note of its last position; without any, another channel is refused.
    /// [`Hub::set_max_channels`](crate::Hub::set_max_channels) changes it.
    #[must_use]
    pub fn with_max_channels(mut self, max_channels: usize) -> Self {
        self.max_channels = max_channels;
        self
    }

    /// Sets how many may listen, on all channels together. Default: 100,000.
    ///
    /// A listener that was replaced or cut counts as long as its connection lives.
    /// [`Hub::set_max_listeners`](crate::Hub::set_max_listeners) changes it.
    #[must_use]
    pub fn with_max_listeners(mut self, max_listeners: usize) -> Self {
        self.max_listeners = max_listeners;
        self
    }

    /// Sets how many may listen on one channel. Default: 100,000.
    /// [`Hub::set_max_channel_listeners`](crate::Hub::set_max_channel_listeners) changes it.
    #[must_use]
    pub fn with_max_channel_listeners(mut self, max_channel_listeners: usize) -> Self {
        self.max_channel_listeners = max_channel_listeners;
        self
    }

    /// Sets the silence after which a listener is sent a comment, or `None` for never. Default: 15 s.
    ///
    /// The comment comes at most an eighth later, and not to all listeners at once.
    ///
    /// # Source
    ///
    /// HTML Standard, [Authoring notes][spec]: a comment line every 15 seconds or so.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Option<Duration>) -> Self {
        self.channel.keepalive = keepalive.filter(|silence| !silence.is_zero());
        self
    }

    /// Sets how many bytes one channel may hold for listeners that have not read them, beside what it
    /// remembers. Default: 16 MiB.
    ///
    /// This is how far a listener may fall behind, what one that stopped reading costs, and how much may
    /// be published at once. Beyond it, those that are furthest behind are cut.
    #[must_use]
    pub fn with_max_log_bytes(mut self, max_log_bytes: usize) -> Self {
        self.channel.max_log_bytes = max_log_bytes;
        self
    }

    /// Sets how many events may be published at once. Default: 10,000.
    /// [`Hub::set_max_batch`](crate::Hub::set_max_batch) changes it.
    #[must_use]
    pub fn with_max_batch(mut self, max_batch: usize) -> Self {
        self.max_batch = max_batch;
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
        self.channel.on_overrun
    }

    /// What the channels remember, if they do.
    pub fn history(&self) -> Option<&History> {
        self.channel.history.as_ref()
    }

    /// What keeps the histories, if not the hub.
    pub fn store(&self) -> Option<&Arc<dyn Store>> {
        self.store.as_ref()
    }

    /// How much may be published at once, in bytes of a log.
    pub(super) fn max_publication(&self) -> usize {
        self.channel.max_log_bytes.min(self.max_total_bytes)
    }

    pub(super) fn gives_ids(&self) -> bool {
        self.channel.history.is_some() || self.ids.is_some()
    }

    /// How long the id line of an event will be, at most or about.
    pub(super) fn id_room(&self) -> usize {
        match (&self.channel.history, &self.ids) {
            (Some(_), _) => POSITION_LINE,
            (None, Some(_)) => ID_LINE,
            (None, None) => 0,
        }
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
    /// A store keeps histories, and the channels are to have none.
    #[error("a hub with a store needs a history")]
    Store,
}

#[derive(Clone)]
pub(super) struct ModeOf(Arc<dyn Fn(&Token) -> Mode + Send + Sync>);

impl fmt::Debug for ModeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModeOf").finish_non_exhaustive()
    }
}

/// `id: `, the digits of `u64::MAX`, a point, the longest epoch and a line end.
const POSITION_LINE: usize = 4 + 20 + 1 + 11 + 1;

const ID_LINE: usize = 64;
