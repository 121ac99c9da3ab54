use std::time::Duration;

use super::OnOverrun;
use crate::{history::History, response::EventBuffer};

/// What is the same for every channel of a hub.
#[derive(Clone, Debug)]
pub(crate) struct ChannelConfig {
    pub(crate) history: Option<History>,
    /// Whether a store keeps what is remembered.
    pub(crate) has_store: bool,
    /// Whether other processes use that too.
    pub(crate) is_store_shared: bool,
    /// How much may be held for listeners that have not read it, in bytes.
    pub(crate) max_log_bytes: usize,
    pub(crate) on_overrun: OnOverrun,
    pub(crate) keepalive: Option<Duration>,
    pub(crate) retry: Duration,
    pub(crate) has_greeting: bool,
    /// How long the token of a finished channel is kept, which its listeners are told.
    pub(crate) closed_ttl: Option<Duration>,
}

impl Default for ChannelConfig {
    fn default() -> Self {
        Self {
            history: None,
            has_store: false,
            is_store_shared: false,
            max_log_bytes: 16 << 20,
            on_overrun: OnOverrun::default(),
            keepalive: Some(EventBuffer::KEEPALIVE),
            retry: Duration::from_secs(3),
            has_greeting: true,
            closed_ttl: None,
        }
    }
}
