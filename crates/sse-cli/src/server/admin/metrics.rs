use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use sse_access::limits::{self, Limit};
use sse_core::{
    access::GrantRefusal,
    channel::CloseReason,
    history::GapReason,
    hub::{self, Histogram, HubLimit},
};

use sse_redb::CommitTimes;

use super::{process, seen::Seen};
use crate::server::{data::Trouble, histories::Histories};

/// The figures, as Prometheus reads them.
///
/// Each is asked for when it is read: nothing is counted twice, and no channel is looked at.
#[derive(Debug)]
pub(super) struct Metrics(Registry);

impl Metrics {
    pub(super) fn new(seen: Seen) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(seen));
        Self(registry)
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0).expect("memory takes all");
        text
    }
}

impl Collector for Seen {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let (hub, limits) = (self.hub.counts(), self.limits.counts());
        let driven = self.public.get().map_or(0, |public| public.server.driven_streams());
        held(&mut page, &hub, limits.connections, driven)?;
        done(&mut page, &hub)?;
        refused(&mut page, &hub, &limits)?;
        match &self.histories {
            Histories::InMemory => {}
            Histories::OnDisk(data) => {
                stored(&mut page, &data.counts(), data.trouble().as_ref())?;
            }
            Histories::InRedis(redis) => {
                shared(&mut page, &redis.counts(), redis.trouble().is_none())?;
            }
        }
        self.process(&mut page)
    }
}

impl Seen {
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut build = page.0.encode_descriptor(
            "eventsource_build",
            "The version of the server, as a label.",
            None,
            MetricType::Info,
        )?;
        build.encode_info(&version)?;
        let [done, refused] = self.reloads();
        page.counters(
            "eventsource_reloads",
            "Times that the configuration or a certificate was read again, by what came of it.",
            "outcome",
            [("done", done), ("refused", refused)],
        )?;
        if let Some(memory) = process::memory() {
            let help = "Memory of the process that is not swapped out, in bytes.";
            page.gauge("process_resident_memory_bytes", help, memory)?;
        }
        if let Some(open) = process::open_files() {
            page.gauge("process_open_fds", "File descriptors that are open.", open)?;
        }
        if let Some(max) = process::max_open_files() {
            page.gauge("process_max_fds", "File descriptors that may be open.", max)?;
        }
        let mut started = page.0.encode_descriptor(
            "process_start_time_seconds",
            "When the process began, in seconds since the beginning of 1970.",
            None,
            MetricType::Gauge,
        )?;
        started.encode_gauge(&self.started)
    }
}

/// What there is now.
fn held(page: &mut Page<'_>, hub: &hub::Counts, connections: usize, driven: usize) -> fmt::Result {
    for (name, help, value) in [
        ("connections", "Connections to the public address.", connections),
        ("channels", "Channels that somebody listens on or that remember something.", hub.channels),
        ("listeners", "Listeners that get what is published.", hub.listeners),
        (
            "leaving_listeners",
            "Listeners that were replaced, ended or cut, and still have a connection.",
            hub.leaving,
        ),
        (
            "revocable_listeners",
            "Listeners whose grant has a subject or an ID, so that it can be revoked.",
            hub.granted,
        ),
        ("driven_streams", "Event streams that engines write, many in a turn.", driven),
        ("unread_bytes", "Bytes of events held for listeners to read.", hub.unread_bytes),
        ("joined_bytes", "Bytes of events joined for one write to many.", hub.joined_bytes),
        ("history_bytes", "Bytes of events, keys and positions remembered.", hub.history_bytes),
        ("tombstones", "Channels that are gone and whose last position is known.", hub.tombstones),
    ] {
        page.gauge(&format!("eventsource_{name}"), help, value as u64)?;
    }
    Ok(())
}

/// What was done since the process began.
fn done(page: &mut Page<'_>, hub: &hub::Counts) -> fmt::Result {
    for (name, help, value) in [
        ("published_events", "Events published.", hub.published),
        ("delivered_events", "Events written, once for each listener.", hub.deliveries),
        (
            "delivered_bytes",
            "Bytes of events written, without what a listener alone is told.",
            hub.delivered_bytes,
        ),
        ("overruns", "Times that a listener fell out of the log of its channel.", hub.overruns),
    ] {
        page.counter(&format!("eventsource_{name}"), help, value)?;
    }
    page.counters(
        "eventsource_gaps",
        "Listeners that came back and were told of a gap, by its reason.",
        "reason",
        [GapReason::Trimmed, GapReason::Diverged, GapReason::Unknown]
            .map(|reason| (reason.as_str(), hub.gaps_for(reason))),
    )?;
    let closed = CLOSED.map(|(reason, name)| (name, hub.closed(reason)));
    page.counters(
        "eventsource_closed_streams",
        "Streams of listeners that are over, by the reason; `left` if the client ended its own.",
        "reason",
        closed.into_iter().chain([("left", hub.left)]),
    )?;
    page.histogram(
        "eventsource_write_events",
        "Events in one write to a listener.",
        &hub.writes,
        |events| events as f64,
    )?;
    page.histogram(
        "eventsource_delivery_latency_seconds",
        "Time from the publication of the oldest event of a write to that write.",
        &hub.latency,
        |latency| latency.as_secs_f64(),
    )
}

/// What was refused since the process began.
fn refused(page: &mut Page<'_>, hub: &hub::Counts, limits: &limits::Counts) -> fmt::Result {
    let of_hub = HUB_LIMITS.map(|(limit, name)| (name, hub.refused(limit)));
    let of_clients = CLIENT_LIMITS.map(|(limit, name)| (name, limits.refused(limit)));
    page.counters(
        "eventsource_limited",
        "Connections and requests refused because of a limit, by the limit.",
        "limit",
        of_hub.into_iter().chain(of_clients),
    )?;
    let statuses: Vec<_> =
        hub.refusals().map(|(status, count)| (status.as_str().to_owned(), count)).collect();
    page.counters(
        "eventsource_refused_requests",
        "Requests refused, by the status.",
        "status",
        statuses.iter().map(|(status, count)| (status.as_str(), *count)),
    )?;
    page.counters(
        "eventsource_refused_grants",
        "Requests refused because of what they may do, by the reason.",
        "reason",
        GrantRefusal::ALL.map(|reason| (reason.as_str(), hub.grants_refused(reason))),
    )
}

/// What is on disk, and what was done for it since the process began.
fn stored(page: &mut Page<'_>, disk: &sse_redb::Counts, trouble: Option<&Trouble>) -> fmt::Result {
    for (name, help, value) in [
        ("channels", "Channels that something is known of on disk.", disk.channels as u64),
        ("events", "Events that are kept on disk.", disk.kept_events as u64),
        ("file_bytes", "Length of the file of histories.", disk.file_bytes),
        ("index_bytes", "Memory that the index of that file takes.", disk.index_bytes as u64),
        ("queue_events", "Events that wait to be written to disk.", disk.queue_events as u64),
        ("queue_bytes", "Bytes that wait to be written to disk.", disk.queue_bytes as u64),
        ("to_trim_records", "Records that are to be deleted on disk.", disk.to_trim as u64),
    ] {
        page.gauge(&format!("eventsource_store_{name}"), help, value)?;
    }
    for (name, help, value) in [
        ("stored_events", "Events written to disk.", disk.stored_events),
        ("stored_bytes", "Bytes of the records of these events.", disk.stored_bytes),
        ("trimmed_records", "Records deleted on disk, since limits or times say so.", disk.trimmed),
        ("lost_events", "Events that were delivered and did not reach the disk.", disk.lost),
        ("damaged_records", "Records that could not be read from disk.", disk.damaged),
    ] {
        page.counter(&format!("eventsource_store_{name}"), help, value)?;
    }
    let name = "eventsource_store_trouble";
    let help = "Whether histories on disk are not as they should be, by what is wrong.";
    let mut troubles = page.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for kind in Trouble::NAMES {
        let is_so = trouble.is_some_and(|trouble| trouble.name() == kind);
        let labels = [("kind", kind)];
        ConstGauge::new(u64::from(is_so)).encode(troubles.encode_family(&labels)?)?;
    }
    commits(page, &disk.commits)
}

fn commits(page: &mut Page<'_>, times: &CommitTimes) -> fmt::Result {
    // The last one, which has no bound, is written by the encoder.
    let bounded = times.buckets().filter_map(|(bound, count)| Some((bound?.as_secs_f64(), count)));
    let buckets: Vec<_> = bounded.collect();
    let (name, help) = ("eventsource_store_commit_seconds", "Time that it took to write to disk.");
    let mut histogram = page.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
    histogram.encode_histogram::<NoLabelSet>(
        times.sum().as_secs_f64(),
        times.count(),
        &buckets,
        None,
    )
}

/// What is in Redis, and what was done with it since the process began.
fn shared(page: &mut Page<'_>, redis: &sse_redis::Counts, is_up: bool) -> fmt::Result {
    for (name, help, value) in [
        ("up", "Whether Redis can be used.", u64::from(is_up)),
        ("channels", "Channels of which Redis tells this server.", redis.channels as u64),
        ("queue_bytes", "Bytes that wait to be stored in Redis.", redis.queue_bytes as u64),
    ] {
        page.gauge(&format!("eventsource_redis_{name}"), help, value)?;
    }
    for (name, help, value) in [
        ("connections", "Times that Redis was connected to.", redis.connections),
        ("published", "Publications of this server that Redis has stored.", redis.published),
        ("messages", "Messages of Redis about publications at all servers.", redis.messages),
        ("refills", "Times that messages were missing and their events were read.", redis.refills),
        ("pages", "Pages read for listeners that stood before what memory holds.", redis.pages),
        (
            "losses",
            "Times that Redis had lost what it had told, so that streams were broken.",
            redis.losses,
        ),
    ] {
        page.counter(&format!("eventsource_redis_{name}"), help, value)?;
    }
    Ok(())
}

/// The text that is being written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let gauge = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(gauge)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let counter = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(counter)
    }

    fn counters<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'v str, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (value, count) in values {
            let labels = [(label, value)];
            let counter: MetricEncoder<'_> = family.encode_family(&labels)?;
            ConstCounter::new(count).encode(counter)?;
        }
        Ok(())
    }

    fn histogram<T: Copy>(
        &mut self,
        name: &str,
        help: &str,
        values: &Histogram<T>,
        number: impl Fn(T) -> f64,
    ) -> fmt::Result {
        let mut below = 0;
        let own = |(bound, count)| {
            let own = count - std::mem::replace(&mut below, count);
            (number(bound), own)
        };
        let buckets: Vec<_> = values.buckets().map(own).collect();
        let mut histogram = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        histogram.encode_histogram::<NoLabelSet>(
            number(values.sum()),
            values.count(),
            &buckets,
            None,
        )
    }
}

const CLOSED: [(CloseReason, &str); 6] = [
    (CloseReason::Finished, "finished"),
    (CloseReason::Shutdown, "shutdown"),
    (CloseReason::Expired, "expired"),
    (CloseReason::Revoked, "revoked"),
    (CloseReason::Replaced, "replaced"),
    (CloseReason::Overrun { missed: 0 }, "overrun"),
];

pub(super) const HUB_LIMITS: [(HubLimit, &str); 5] = [
    (HubLimit::Channels, "channels"),
    (HubLimit::Listeners, "listeners"),
    (HubLimit::ChannelListeners, "channel_listeners"),
    (HubLimit::BodyBytes, "body_bytes"),
    (HubLimit::Bodies, "bodies"),
];

pub(super) const CLIENT_LIMITS: [(Limit, &str); 7] = [
    (Limit::Connections, "connections"),
    (Limit::ConnectionsPerAddress, "address_connections"),
    (Limit::ConnectionRate, "address_connection_rate"),
    (Limit::ListenersPerAddress, "address_listeners"),
    (Limit::ListenersPerSubject, "subject_listeners"),
    (Limit::PublishRate, "address_publish_rate"),
    (Limit::AuthFailures, "address_auth_failures"),
];
