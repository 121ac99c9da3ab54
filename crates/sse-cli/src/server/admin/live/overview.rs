use std::{iter::repeat, time::Duration};

use serde::Serialize;
use sse_access::limits::{self, Limit};
use sse_core::{
    access::GrantRefusal,
    hub::{self, Histogram, HubLimit},
};

use super::{
    super::{
        metrics::{CLIENT_LIMITS, HUB_LIMITS},
        process,
        readiness::State,
        seen::Seen,
    },
    census::Snapshot,
    disk::Disk,
    redis::Redis,
};

/// What a viewer is told of the whole server each second.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    state: &'static str,
    version: &'static str,
    /// How long the process has been there, in seconds.
    uptime: f64,
    held: Held,
    rates: Rates,
    totals: Totals,
    latency: Option<Latency>,
    refused: Vec<Refused>,
    disk: Option<Disk>,
    redis: Option<Redis>,
    process: Process,
}

/// What there is now.
#[derive(Debug, Serialize)]
struct Held {
    channels: usize,
    listeners: usize,
    leaving: usize,
    connections: usize,
    unread_bytes: usize,
    history_bytes: usize,
}

/// What was done each second, as far as that is known.
#[derive(Debug, Serialize)]
struct Rates {
    published: Option<f64>,
    delivered: Option<f64>,
    delivered_bytes: Option<f64>,
    refused: Option<f64>,
}

/// What was done since the process began.
#[derive(Debug, Serialize)]
struct Totals {
    published: u64,
    delivered: u64,
    delivered_bytes: u64,
    refused: u64,
    gaps: u64,
    overruns: u64,
}

/// How long 99 of 100 writes of the last second came after what they wrote was published.
#[derive(Debug, Serialize)]
pub(super) struct Latency {
    milliseconds: f64,
    /// Whether it is more than that, which is the last bound that is counted.
    is_more: bool,
}

/// A limit or another reason, and what was refused for it.
#[derive(Debug, Serialize)]
struct Refused {
    name: String,
    is_limit: bool,
    /// How much the limit allows.
    max: Option<u64>,
    total: u64,
    rate: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Process {
    memory_bytes: Option<u64>,
    open_files: Option<u64>,
    max_files: Option<u64>,
}

impl Overview {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let Snapshot { seen, hub, limits, since, .. } = snapshot;
        let rate = |count: fn(&hub::Counts) -> u64| {
            let since = since.as_ref()?;
            Some((count(hub) - count(&since.hub)) as f64 / since.seconds)
        };
        Self {
            state: match seen.readiness.state() {
                State::Starting => "starting",
                State::Serving => "serving",
                State::Draining => "draining",
            },
            version: env!("CARGO_PKG_VERSION"),
            uptime: process::unix_time() - seen.started,
            held: Held {
                channels: hub.channels,
                listeners: hub.listeners,
                leaving: hub.leaving,
                connections: limits.connections,
                unread_bytes: hub.unread_bytes,
                history_bytes: hub.history_bytes,
            },
            rates: Rates {
                published: rate(|hub| hub.published),
                delivered: rate(|hub| hub.deliveries),
                delivered_bytes: rate(|hub| hub.delivered_bytes),
                refused: since.as_ref().map(|since| {
                    (refusals(hub, limits) - refusals(&since.hub, &since.limits)) as f64
                        / since.seconds
                }),
            },
            totals: Totals {
                published: hub.published,
                delivered: hub.deliveries,
                delivered_bytes: hub.delivered_bytes,
                refused: refusals(hub, limits),
                gaps: hub.gaps,
                overruns: hub.overruns,
            },
            latency: since.as_ref().and_then(|since| slowest(&hub.latency, &since.hub.latency)),
            refused: refused(snapshot),
            disk: Disk::new(snapshot),
            redis: Redis::new(snapshot),
            process: Process {
                memory_bytes: process::memory(),
                open_files: process::open_files(),
                max_files: process::max_open_files(),
            },
        }
    }
}

/// How many requests and connections were refused.
fn refusals(hub: &hub::Counts, limits: &limits::Counts) -> u64 {
    let requests: u64 = hub.refusals().map(|(_, count)| count).sum();
    let connections = [Limit::Connections, Limit::ConnectionsPerAddress, Limit::ConnectionRate];
    requests + connections.map(|limit| limits.refused(limit)).iter().sum::<u64>()
}

/// All limits, and then all other reasons for which something was refused.
fn refused(snapshot: &Snapshot) -> Vec<Refused> {
    let now = reasons(&snapshot.hub, &snapshot.limits);
    let before = snapshot.since.as_ref().map(|since| reasons(&since.hub, &since.limits));
    let seconds = snapshot.since.as_ref().map(|since| since.seconds);
    let limits = bounds(&snapshot.seen).into_iter().map(Some).chain(repeat(None));
    let reasons = now.into_iter().zip(limits).enumerate();
    let refused = reasons.map(|(at, ((name, total), limit))| {
        let new = before.as_ref().map(|before| total - before[at].1);
        let rate = new.zip(seconds).map(|(new, seconds)| new as f64 / seconds);
        let is_limit = limit.is_some();
        Refused { name, is_limit, max: limit.flatten(), total, rate }
    });
    refused.filter(|refused| refused.is_limit || 0 < refused.total).collect()
}

/// Each reason, and how often something was refused for it; always in the same order.
fn reasons(hub: &hub::Counts, limits: &limits::Counts) -> Vec<(String, u64)> {
    let of_clients = CLIENT_LIMITS.map(|(limit, _)| (limit.to_string(), limits.refused(limit)));
    let of_hub = HUB_LIMITS.map(|(limit, _)| (limit.to_string(), hub.refused(limit)));
    let statuses = hub.refusals().map(|(status, count)| (status.to_string(), count));
    let grants = GrantRefusal::ALL
        .map(|reason| (format!("grant {}", reason.as_str()), hub.grants_refused(reason)));
    of_clients.into_iter().chain(of_hub).chain(statuses).chain(grants).collect()
}

/// How much each of the limits allows, in the order of [`reasons`]; `None` for any number, or what nobody knows.
fn bounds(seen: &Seen) -> Vec<Option<u64>> {
    let of_clients = CLIENT_LIMITS.map(|(limit, _)| seen.limits.max(limit).map(u64::from));
    let of_hub = HUB_LIMITS.map(|(limit, _)| {
        Some(match limit {
            HubLimit::Channels => seen.hub.max_channels() as u64,
            HubLimit::Listeners => seen.hub.max_listeners() as u64,
            HubLimit::ChannelListeners => seen.hub.max_channel_listeners() as u64,
            _ => return None,
        })
    });
    of_clients.into_iter().chain(of_hub).collect()
}

/// What 99 of 100 that are in `now` and were not in `before` do not pass.
fn slowest(now: &Histogram<Duration>, before: &Histogram<Duration>) -> Option<Latency> {
    let up_to = now.buckets().zip(before.buckets());
    let up_to = up_to.map(|((bound, now), (_, before))| (bound, now - before));
    Latency::new(now.count() - before.count(), up_to)
}

impl Latency {
    /// What 99 of 100 of `all` do not pass, of which so many are `up_to` each bound.
    pub(super) fn new(all: u64, up_to: impl Iterator<Item = (Duration, u64)>) -> Option<Self> {
        if all == 0 {
            return None;
        }
        let bounds: Vec<_> =
            up_to.map(|(bound, count)| (bound.as_secs_f64() * 1000.0, count)).collect();
        let found = bounds.iter().find(|(_, count)| 99 * all <= 100 * count);
        let (milliseconds, _) = *found.or_else(|| bounds.last())?;
        Some(Self { milliseconds, is_more: found.is_none() })
    }
}
