use std::{cmp::Reverse, sync::OnceLock, time::Instant};

use super::{
    HubConfig, bounds::Bounds, counts::Tally, gauge::Gauge, granted::Granted, queue::Queue,
    revocations::Revocations, tombstones::Tombstones, watchers::Watchers,
};
use crate::channel::Drain;

/// What the channels of a hub have in common.
///
/// Its locks are held for an insertion or a look-up, and none of a channel or of the table is taken
/// meanwhile.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: HubConfig,
    pub(super) bounds: Bounds,
    /// Bytes that listeners have still to read, beside what is remembered.
    pub(super) unread: Gauge,
    /// Bytes that were joined for one write.
    pub(super) joined: Gauge,
    /// Bytes that are remembered.
    pub(super) history: Gauge,
    /// Listeners that are published for.
    pub(super) here: Gauge,
    /// All listeners with a connection, those that have left too.
    pub(super) connected: Gauge,
    pub(super) tombstones: Tombstones,
    /// When what a channel remembers will be over age.
    pub(super) due: Queue<Instant>,
    /// Channels that nobody listens to, by when they were used last.
    pub(super) deserted: Queue<Instant>,
    /// Those with the most to be remembered, and with the most to be read.
    pub(super) most_history: Queue<Reverse<usize>>,
    pub(super) most_unread: Queue<Reverse<usize>>,
    pub(super) tally: Tally,
    pub(super) granted: Granted,
    pub(super) revocations: Revocations,
    pub(super) watchers: Watchers,
    pub(super) drain: OnceLock<Drain>,
}

impl Shared {
    pub(super) fn new(config: HubConfig) -> Self {
        Self {
            bounds: Bounds::new(&config),
            unread: Gauge::new(config.max_total_bytes),
            joined: Gauge::new(usize::MAX),
            history: Gauge::new(config.max_history_bytes),
            here: Gauge::new(usize::MAX),
            connected: Gauge::new(config.max_listeners),
            tombstones: Tombstones::default(),
            due: Queue::default(),
            deserted: Queue::default(),
            most_history: Queue::default(),
            most_unread: Queue::default(),
            tally: Tally::default(),
            granted: Granted::default(),
            revocations: Revocations::default(),
            watchers: Watchers::default(),
            drain: OnceLock::new(),
            config,
        }
    }

    /// What is remembered of channels, those that are no longer there too, in bytes.
    pub(super) fn history_held(&self) -> usize {
        self.history.get() + self.tombstones.cost()
    }

    pub(super) fn has_too_much_history(&self) -> bool {
        self.history.max() < self.history_held()
    }
}
