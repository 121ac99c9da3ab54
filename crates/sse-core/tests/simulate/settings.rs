use std::{
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    action::{Action, ActionSet},
    channel::{Mode, OnOverrun},
    history::History,
    id_source::Counter,
};

use crate::random::Random;

/// More than one run can fill.
pub(crate) const ROOMY: usize = 1 << 24;

/// What one run is configured with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The names of the channels, and who may listen on each.
    tokens: Vec<(Token, Mode)>,
    pub(crate) on_overrun: OnOverrun,
    pub(crate) has_ids: bool,
    pub(crate) history: Option<Remembered>,
    pub(crate) closed_ttl: Option<Duration>,
    pub(crate) max_log: usize,
    pub(crate) max_total: usize,
    pub(crate) max_history: usize,
    pub(crate) max_channels: usize,
    pub(crate) max_listeners: usize,
    pub(crate) max_channel_listeners: usize,
    pub(crate) max_batch: usize,
    /// Whether listeners come with grants, most of them.
    pub(crate) has_grants: bool,
    /// Over how long a drain is spread.
    pub(crate) drain: Duration,
    /// The step before which the hub is drained, and another takes its place.
    pub(crate) drains_at: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) max_events: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_age: Option<Duration>,
    pub(crate) key_window: Duration,
    pub(crate) max_key_bytes: usize,
}

impl Settings {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let has_history = !random.once_in(4);
        let tokens = if random.once_in(10) { 12 } else { 1 + random.below(5) };
        let modes: &[Mode] = match random.below(5) {
            0 => &[Mode::Exclusive],
            1 => &[Mode::Shared],
            2 => &[Mode::Takeover],
            _ => &[Mode::Exclusive, Mode::Shared, Mode::Shared, Mode::Takeover],
        };
        Self {
            tokens: (0..tokens).map(|n| (name(n), random.pick(modes))).collect(),
            on_overrun: random.pick(&[OnOverrun::Close, OnOverrun::Gap]),
            has_ids: has_history || !random.once_in(3),
            history: has_history.then(|| Remembered::draw(random)),
            closed_ttl: random.pick(&[None, None, Some(Duration::from_secs(2))]),
            max_log: random.pick(&[600, 3_000, 40_000, 1 << 20]),
            max_total: random.pick(&[2_000, 20_000, ROOMY, ROOMY]),
            max_history: random.pick(&[600, 3_000, 20_000, ROOMY, ROOMY, ROOMY]),
            max_channels: random.pick(&[2, 100, 100]),
            max_listeners: random.pick(&[3, 100, 100]),
            max_channel_listeners: random.pick(&[2, 100, 100]),
            max_batch: random.pick(&[1, 4, 40, 10_000]),
            has_grants: random.once_in(2),
            drain: Duration::from_millis(random.pick(&[0, 50, 10_000])),
            drains_at: random.once_in(3).then(|| random.below(2_000)),
        }
    }

    pub(crate) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn token(&self, token: usize) -> &Token {
        &self.tokens[token].0
    }

    pub(crate) fn mode(&self, token: usize) -> Mode {
        self.tokens[token].1
    }

    /// Which of the channels has this name.
    pub(crate) fn find(&self, token: &Token) -> usize {
        self.tokens.iter().position(|(name, _)| name == token).expect("it is one of them")
    }

    pub(crate) fn is_takeover(&self, token: usize) -> bool {
        self.mode(token) == Mode::Takeover
    }

    /// The most that the events of one publication may cost.
    pub(crate) fn max_publication(&self) -> usize {
        self.max_log.min(self.max_total)
    }

    /// What an id counts as before it is known.
    pub(crate) fn id_cost(&self) -> usize {
        match &self.history {
            Some(_) => 37,
            None if self.has_ids => 64,
            None => 0,
        }
    }

    pub(crate) fn hub(&self, seed: u64) -> Arc<Hub> {
        let asked = Arc::new(OnceLock::<Weak<Hub>>::new());
        let hub = Hub::new(self.config(seed, asked.clone()));
        asked.set(Arc::downgrade(&hub)).expect("it is set once");
        hub
    }

    /// Who may listen is decided by code that asks the hub itself.
    fn config(&self, seed: u64, asked: Arc<OnceLock<Weak<Hub>>>) -> HubConfig {
        let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
        let actions = actions.with_action("note", Action::Event).unwrap();
        let modes = self.tokens.clone();
        let mode_of = move |token: &Token| {
            let hub = asked.get().and_then(Weak::upgrade).expect("a hub asks");
            assert_eq!(hub.listeners(token), 0, "a channel that begins has no listeners");
            assert!(hub.counts().channels <= modes.len());
            modes.iter().find(|(name, _)| name == token).unwrap().1
        };
        let config = HubConfig::new(StringFormat)
            .with_actions(actions)
            .with_mode_of(mode_of)
            .with_keepalive(Some(Duration::from_secs(15)))
            .with_on_overrun(self.on_overrun)
            .with_closed_ttl(self.closed_ttl)
            .with_max_log_bytes(self.max_log)
            .with_max_total_bytes(self.max_total)
            .with_max_history_bytes(self.max_history)
            .with_max_channels(self.max_channels)
            .with_max_listeners(self.max_listeners)
            .with_max_channel_listeners(self.max_channel_listeners)
            .with_max_batch(self.max_batch);
        match &self.history {
            None if self.has_ids => config.with_ids(Counter::default()),
            None => config,
            Some(history) => config.with_history(
                History::new(seed)
                    .with_max_events(history.max_events)
                    .with_max_bytes(history.max_bytes)
                    .with_max_age(history.max_age)
                    .with_key_window(history.key_window)
                    .with_max_key_bytes(history.max_key_bytes),
            ),
        }
    }
}

impl Remembered {
    fn draw(random: &mut Random) -> Self {
        let age = [None, Some(Duration::from_secs(5)), Some(Duration::from_secs(3_600))];
        Self {
            max_events: random.pick(&[0, 1, 5, 50, 1_000]),
            max_bytes: random.pick(&[0, 500, 5_000, 1 << 20]),
            max_age: random.pick(&age),
            key_window: random.pick(&[Duration::from_millis(50), Duration::from_secs(300)]),
            max_key_bytes: random.pick(&[0, 300, 256 << 10]),
        }
    }
}

/// Tokens of different lengths, so that what is left of one costs something else than what is left of
/// another.
fn name(token: usize) -> Token {
    Token::new(&"é".repeat(1 + LENGTHS[token])).unwrap()
}

/// The marks of a Golomb ruler: no two pairs of them have the same sum, so that what is counted tells whose
/// tombstones are there.
const LENGTHS: [usize; 12] = [0, 2, 6, 24, 29, 40, 43, 55, 68, 75, 76, 85];
