use super::{
    HubLimit,
    sync::{AtomicU64, Ordering},
};
use crate::{Token, channel::Mode};

/// What a channel is and holds now.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let _listener = hub.subscribe(&Token::new("42")?, now)?;
/// let info = &hub.channels()[0];
/// assert_eq!((info.token.as_str(), info.mode, info.listeners), ("42", Mode::Exclusive, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ChannelInfo {
    /// Its name.
    pub token: Token,
    /// How many may listen.
    pub mode: Mode,
    /// How many do.
    pub listeners: usize,
    /// How many events it holds, remembered or still to be read.
    pub events: usize,
    /// Bytes held because a listener has still to read them, beside what is remembered.
    pub unread_bytes: usize,
    /// Bytes remembered.
    pub history_bytes: usize,
}

/// What a hub holds now, and what it has done since it was made.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, hub::HubLimit};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let _listener = hub.subscribe(&Token::new("42")?, now)?;
/// let counts = hub.counts();
/// assert_eq!((counts.channels, counts.listeners), (1, 1));
/// assert_eq!(counts.refused(HubLimit::Listeners), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Channels that someone listens on or that remember something.
    pub channels: usize,
    /// Listeners that get what is published.
    pub listeners: usize,
    /// Listeners that were replaced, ended or cut, and have a connection all the same.
    pub leaving: usize,
    /// Listeners, leaving ones too, whose grant has a subject or an ID, so that it can be revoked.
    pub granted: usize,
    /// Bytes held because a listener has still to read them, beside what is remembered.
    pub unread_bytes: usize,
    /// Bytes of events that were joined for one write to several listeners.
    pub joined_bytes: usize,
    /// Bytes remembered: events, idempotency keys, and tombstones.
    pub history_bytes: usize,
    /// Channels that are not there any more and that something is known of: their last position, or
    /// that they are closed for a while.
    pub tombstones: usize,
    /// Events published.
    pub published: u64,
    /// Times that a listener fell out of a log.
    pub overruns: u64,
    /// Listeners that came back and were told of a gap.
    pub gaps: u64,
    pub(super) refused: [u64; LIMITS],
}

impl Counts {
    /// How often something was refused because of `limit`.
    pub fn refused(&self, limit: HubLimit) -> u64 {
        self.refused[limit as usize]
    }
}

/// The part of [`Counts`] that only grows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    published: AtomicU64,
    overruns: AtomicU64,
    gaps: AtomicU64,
    refused: [AtomicU64; LIMITS],
}

impl Tally {
    pub(super) fn publish(&self, events: usize) {
        self.published.fetch_add(events as u64, Ordering::Relaxed);
    }

    pub(super) fn overrun(&self, listeners: usize) {
        self.overruns.fetch_add(listeners as u64, Ordering::Relaxed);
    }

    pub(super) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, limit: HubLimit) {
        self.refused[limit as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            published: get(&self.published),
            overruns: get(&self.overruns),
            gaps: get(&self.gaps),
            refused: std::array::from_fn(|limit| get(&self.refused[limit])),
            ..Counts::default()
        }
    }
}

const LIMITS: usize = HubLimit::Bodies as usize + 1;
