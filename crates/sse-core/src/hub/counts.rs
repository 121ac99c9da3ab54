use std::{mem, time::Duration};

use http::StatusCode;

use super::{
    Histogram, HubLimit,
    sync::{AtomicU64, Ordering},
};
use crate::{
    Token,
    access::GrantRefusal,
    channel::{CloseReason, LATENCIES, Mode, SIZES, Traffic},
    history::GapReason,
};

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
    /// How many were published, in lives of it that it goes on from too.
    pub published: u64,
    /// How many events are held that one of its listeners has not been handed: how far the slowest is behind.
    pub lag: u64,
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
    /// Events that were handed to connections of listeners, each counted once for every listener that it was
    /// handed to.
    pub deliveries: u64,
    /// Bytes of what was published that were handed to connections of listeners. What a listener alone is told
    /// does not count: how its stream begins, comments, why it ends. The framing of chunks counts where an
    /// engine does it.
    pub delivered_bytes: u64,
    /// How many events each of the writes had that these were handed over in: none where it had a piece of an
    /// event that is too long for one, or only a new reconnection time.
    ///
    /// The last writes to a channel that engines do not drive may be missing, 63 at most, while a listener
    /// there does not read.
    pub writes: Histogram<u64>,
    /// The times from the publication of the oldest event of a write to that write. Writes to a listener that
    /// still reads what was published before it came do not count.
    pub latency: Histogram<Duration>,
    /// Listeners that left before their stream was ended.
    pub left: u64,
    pub(super) refused: [u64; LIMITS],
    pub(super) gaps_by_reason: [u64; GAPS],
    pub(super) closed: [u64; CloseReason::COUNT],
    pub(super) grants_refused: [u64; GrantRefusal::ALL.len()],
    pub(super) refusals: [u64; STATUSES.len()],
}

impl Counts {
    /// How often something was refused because of `limit`.
    pub fn refused(&self, limit: HubLimit) -> u64 {
        self.refused[limit as usize]
    }

    /// How many of the [`gaps`](Self::gaps) were there for `reason`.
    pub fn gaps_for(&self, reason: GapReason) -> u64 {
        self.gaps_by_reason[reason as usize]
    }

    /// How many streams of listeners were ended for `reason`; how many events an overrun has cost does not
    /// matter.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use sse_core::{Hub, HubConfig, StringFormat, Token, channel::CloseReason};
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// # let token = Token::new("42")?;
    /// let _listener = hub.subscribe(&token, now)?;
    /// hub.close(&token, now)?;
    /// assert_eq!(hub.counts().closed(CloseReason::Finished), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed[reason.index()]
    }

    /// How many requests a gateway has refused because of what they may do, for `reason`.
    pub fn grants_refused(&self, reason: GrantRefusal) -> u64 {
        self.grants_refused[reason as usize]
    }

    /// How many requests a gateway has refused, by the status of the refusal. It is the real one where a browser
    /// gets a short stream in its place.
    pub fn refusals(&self) -> impl Iterator<Item = (StatusCode, u64)> {
        STATUSES.into_iter().zip(self.refusals)
    }
}

/// The part of [`Counts`] that only grows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    published: AtomicU64,
    overruns: AtomicU64,
    gaps: [AtomicU64; GAPS],
    refused: [AtomicU64; LIMITS],
    deliveries: AtomicU64,
    delivered_bytes: AtomicU64,
    sizes: [AtomicU64; SIZES.len() + 1],
    latencies: [AtomicU64; LATENCIES.len() + 1],
    latency_nanos: AtomicU64,
    closed: [AtomicU64; CloseReason::COUNT],
    left: AtomicU64,
    grants_refused: [AtomicU64; GrantRefusal::ALL.len()],
    refusals: [AtomicU64; STATUSES.len()],
}

impl Tally {
    pub(super) fn publish(&self, events: usize) {
        add(&self.published, events as u64);
    }

    pub(super) fn overrun(&self, listeners: usize) {
        add(&self.overruns, listeners as u64);
    }

    pub(super) fn gap(&self, reason: GapReason) {
        add(&self.gaps[reason as usize], 1);
    }

    pub(super) fn refuse(&self, limit: HubLimit) {
        add(&self.refused[limit as usize], 1);
    }

    pub(super) fn refuse_grant(&self, reason: GrantRefusal) {
        add(&self.grants_refused[reason as usize], 1);
    }

    pub(super) fn refuse_with(&self, status: StatusCode) {
        if let Some(at) = STATUSES.iter().position(|known| *known == status) {
            add(&self.refusals[at], 1);
        }
    }

    /// Takes note of `traffic`, of which nothing is left then.
    pub(super) fn take(&self, traffic: &mut Traffic) {
        let Traffic { deliveries, bytes, latency_nanos, left, writes, .. } = traffic;
        add(&self.deliveries, mem::take(deliveries));
        add(&self.delivered_bytes, mem::take(bytes));
        add(&self.latency_nanos, mem::take(latency_nanos));
        traffic.sizes.drain(|at, more| add(&self.sizes[at], more.into()));
        traffic.latencies.drain(|at, more| add(&self.latencies[at], more.into()));
        add(&self.left, mem::take(left).into());
        traffic.closed.drain(|at, more| add(&self.closed[at], more.into()));
        (*writes, traffic.is_due, traffic.has_ends) = (0, false, false);
    }

    pub(super) fn counts(&self) -> Counts {
        let gaps = all(&self.gaps);
        let deliveries = get(&self.deliveries);
        let latency = Duration::from_nanos(get(&self.latency_nanos));
        Counts {
            published: get(&self.published),
            overruns: get(&self.overruns),
            gaps: gaps.iter().sum(),
            gaps_by_reason: gaps,
            refused: all(&self.refused),
            deliveries,
            delivered_bytes: get(&self.delivered_bytes),
            writes: Histogram::new(&SIZES, &all(&self.sizes), deliveries),
            latency: Histogram::new(&LATENCIES, &all(&self.latencies), latency),
            closed: all(&self.closed),
            left: get(&self.left),
            grants_refused: all(&self.grants_refused),
            refusals: all(&self.refusals),
            ..Counts::default()
        }
    }
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn all<const N: usize>(counters: &[AtomicU64; N]) -> [u64; N] {
    std::array::from_fn(|at| get(&counters[at]))
}

fn add(counter: &AtomicU64, more: u64) {
    if 0 < more {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

const LIMITS: usize = HubLimit::Bodies as usize + 1;

const GAPS: usize = GapReason::Unknown as usize + 1;

/// The statuses of refusals.
const STATUSES: [StatusCode; 13] = [
    StatusCode::NO_CONTENT,
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::LOCKED,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];
