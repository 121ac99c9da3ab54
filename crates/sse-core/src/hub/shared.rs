use std::sync::OnceLock;

use super::{HubConfig, counts::Tally, drain::Drain, gauge::Gauge, watch::Watchers};

/// What the channels of a hub have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: HubConfig,
    /// Bytes that listeners have still to read, beside what is remembered.
    pub(super) unread: Gauge,
    pub(super) history: Gauge,
    pub(super) listeners: Gauge,
    pub(super) tally: Tally,
    pub(super) watchers: Watchers,
    pub(super) drain: OnceLock<Drain>,
}

impl Shared {
    pub(super) fn new(config: HubConfig) -> Self {
        Self {
            unread: Gauge::new(config.max_total_bytes),
            history: Gauge::new(config.max_history_bytes),
            listeners: Gauge::new(config.max_listeners),
            tally: Tally::default(),
            watchers: Watchers::default(),
            drain: OnceLock::new(),
            config,
        }
    }
}
