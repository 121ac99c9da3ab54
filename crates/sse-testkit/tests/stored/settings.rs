use std::{sync::Arc, time::Duration};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    action::{Action, ActionSet},
    channel::Mode,
    history::History,
};

use crate::{
    kept::Limits,
    random::Random,
    shelf::{Habits, Shelf},
};

/// What a seed decides before the first step.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) habits: Habits,
    /// Whether the newest events may be lost.
    pub(crate) may_tear: bool,
    /// Whether the process may end.
    pub(crate) may_restart: bool,
    pub(crate) max_clients: usize,
    pub(crate) has_long_events: bool,
    max_log_bytes: usize,
    max_events: usize,
    closed_ttl: Option<Duration>,
}

impl Settings {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let never_or = |random: &mut Random, times: &[usize]| {
            if random.once_in(2) { 0 } else { random.pick(times) }
        };
        let habits = Habits {
            at_once: random.pick(&[0, 1, 2, 4]),
            refuses: never_or(random, &[4, 10]),
            forgets: never_or(random, &[4, 10]),
            drops: never_or(random, &[4, 10]),
            is_blind: never_or(random, &[4, 10]),
            is_silent: never_or(random, &[10, 30]),
            cuts_pages: never_or(random, &[1, 2]),
        };
        let has_long_events = random.once_in(8);
        Self {
            limits: Limits {
                max_events: random.pick(&[1, 3, 10, 1_000, 1_000]),
                max_age: random.once_in(4).then(|| Duration::from_secs(20)),
            },
            habits,
            may_tear: random.once_in(3),
            may_restart: random.once_in(2),
            max_clients: random.pick(&[1, 3, 8]),
            has_long_events,
            max_log_bytes: if has_long_events {
                64 << 10
            } else {
                random.pick(&[1_500, 2_500, 1 << 20])
            },
            max_events: random.pick(&[0, 1, 2, 5, 100]),
            closed_ttl: random.once_in(2).then(|| Duration::from_secs(8)),
        }
    }

    pub(crate) fn hub(&self, seed: u64, shelf: &Arc<Shelf>) -> Arc<Hub> {
        let actions = ActionSet::default().with_action("retry", Action::Retry).expect("it is new");
        let history = History::new(seed).with_max_events(self.max_events);
        let config = HubConfig::new(StringFormat)
            .with_actions(actions)
            .with_mode(Mode::Shared)
            .with_keepalive(None)
            .with_history(history)
            .with_closed_ttl(self.closed_ttl)
            .with_max_log_bytes(self.max_log_bytes)
            .with_store(shelf.clone());
        Hub::new(config)
    }
}

/// The last one may be finished.
pub(crate) fn tokens() -> [Token; 3] {
    ["steady", "other", "ends"].map(|name| Token::new(name).expect("it is a token"))
}

pub(crate) const ENDS: usize = 2;
