use std::time::Duration;

use sse_core::{
    Action, ActionSet, Counter, History, HubConfig, LogConfig, Mode, OnOverrun, StringFormat,
};

use crate::random::Random;

/// What one run is configured with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) on_overrun: OnOverrun,
    pub(crate) history: Option<Remembered>,
    pub(crate) closed_ttl: Option<Duration>,
    pub(crate) max_log: usize,
    pub(crate) max_unread: usize,
    pub(crate) max_history: usize,
    pub(crate) max_channels: usize,
    pub(crate) max_listeners: usize,
    pub(crate) max_channel_listeners: usize,
    pub(crate) tokens: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) max_events: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_age: Option<Duration>,
    pub(crate) key_window: Duration,
    pub(crate) max_keys: usize,
}

impl Settings {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let age = [None, Some(Duration::from_secs(5)), Some(Duration::from_secs(3_600))];
        let has_history = !random.once_in(4);
        let history = has_history.then(|| Remembered {
            max_events: random.pick(&[0, 1, 5, 50, 1_000]),
            max_bytes: random.pick(&[0, 500, 5_000, 1 << 20]),
            max_age: random.pick(&age),
            key_window: random.pick(&[Duration::from_millis(50), Duration::from_secs(300)]),
            max_keys: random.pick(&[0, 2, 1_000]),
        });
        Self {
            mode: random.pick(&[Mode::Exclusive, Mode::Shared, Mode::Shared, Mode::Takeover]),
            on_overrun: random.pick(&[OnOverrun::Close, OnOverrun::Gap]),
            history,
            closed_ttl: random.pick(&[None, None, Some(Duration::from_secs(2))]),
            max_log: random.pick(&[600, 3_000, 1 << 20]),
            max_unread: random.pick(&[2_000, 20_000, 1 << 24]),
            max_history: random.pick(&[3_000, 20_000, 1 << 24, 1 << 24]),
            max_channels: random.pick(&[2, 100, 100]),
            max_listeners: random.pick(&[3, 100, 100]),
            max_channel_listeners: random.pick(&[2, 100, 100]),
            tokens: 1 + random.below(5),
        }
    }

    pub(crate) fn config(&self, seed: u64) -> HubConfig {
        let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
        let config = HubConfig::new(StringFormat)
            .with_actions(actions)
            .with_mode(self.mode)
            .with_keepalive(Some(Duration::from_secs(15)))
            .with_on_overrun(self.on_overrun)
            .with_closed_ttl(self.closed_ttl)
            .with_log(LogConfig::default().with_max_bytes(self.max_log))
            .with_max_total_bytes(self.max_unread)
            .with_max_history_bytes(self.max_history)
            .with_max_channels(self.max_channels)
            .with_max_listeners(self.max_listeners)
            .with_max_channel_listeners(self.max_channel_listeners);
        match &self.history {
            None => config.with_ids(Counter::default()),
            Some(history) => config.with_history(
                History::new(seed)
                    .with_max_events(history.max_events)
                    .with_max_bytes(history.max_bytes)
                    .with_max_age(history.max_age)
                    .with_keys(history.key_window, history.max_keys),
            ),
        }
    }
}
