use std::{fmt::Write, time::Duration};

use serde::Serialize;

use super::{publisher::Publications, tally::Tally};

/// What a run has measured. Times are in the units that their names say.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    listeners: usize,
    connects_per_second: f64,
    published: u64,
    refused: u64,
    delivered: u64,
    lost: u64,
    out_of_order: u64,
    foreign: u64,
    broken_streams: u64,
    seconds: f64,
    published_per_second: f64,
    delivered_per_second: f64,
    latency_ms: Latency,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

/// What the run has cost the server.
#[derive(Debug, Serialize)]
struct Server {
    cpu_seconds: f64,
    cpu_us_per_delivery: f64,
    cpu_us_per_publish: f64,
    delivered_per_cpu_second: f64,
    kib_per_idle_listener: f64,
}

/// What a run has measured about the process of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) cpu: Duration,
    /// How much its memory has grown by the listeners, in bytes.
    pub(super) memory: u64,
}

impl Report {
    pub(super) fn new(
        listeners: usize,
        connecting: Duration,
        running: Duration,
        publications: &Publications,
        tally: &Tally,
        cost: Option<Cost>,
    ) -> Self {
        let published = publications.published();
        let seconds = running.as_secs_f64();
        tally.with(|seen| {
            let delivered = seen.delivered;
            let millis = |quantile| seen.latency.value_at_quantile(quantile) as f64 / 1e6;
            Self {
                listeners,
                connects_per_second: listeners as f64 / connecting.as_secs_f64(),
                published,
                refused: publications.refused(),
                delivered,
                lost: seen.lost,
                out_of_order: seen.out_of_order,
                foreign: seen.foreign,
                broken_streams: seen.broken,
                seconds,
                published_per_second: published as f64 / seconds,
                delivered_per_second: delivered as f64 / seconds,
                latency_ms: Latency {
                    p50: millis(0.5),
                    p90: millis(0.9),
                    p99: millis(0.99),
                    p999: millis(0.999),
                    max: seen.latency.max() as f64 / 1e6,
                },
                server: cost.map(|cost| {
                    let cpu = cost.cpu.as_secs_f64();
                    Server {
                        cpu_seconds: cpu,
                        cpu_us_per_delivery: cpu * 1e6 / delivered.max(1) as f64,
                        cpu_us_per_publish: cpu * 1e6 / published.max(1) as f64,
                        delivered_per_cpu_second: delivered as f64 / cpu.max(f64::MIN_POSITIVE),
                        kib_per_idle_listener: cost.memory as f64 / 1024.0 / listeners as f64,
                    }
                }),
            }
        })
    }

    /// What went wrong, if something did.
    pub(super) fn fault(&self) -> Option<String> {
        let faults = [
            (self.lost, "lost"),
            (self.out_of_order, "twice or out of order"),
            (self.broken_streams, "streams broken off"),
            (self.refused, "publications refused"),
        ];
        let faults = faults.iter().filter(|(count, _)| 0 < *count);
        let told: Vec<_> = faults.map(|(count, what)| format!("{count} {what}")).collect();
        if self.published == 0 {
            return Some("nothing was published".to_owned());
        }
        (!told.is_empty()).then(|| told.join(", "))
    }

    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    pub(super) fn table(&self) -> String {
        let mut table = String::new();
        let mut line = |name: &str, value: String| {
            writeln!(table, "{name:<28} {value:>14}").expect("memory takes all");
        };
        line("listeners", self.listeners.to_string());
        line("connects/s", format!("{:.0}", self.connects_per_second));
        line("published", self.published.to_string());
        line("published/s", format!("{:.0}", self.published_per_second));
        line("refused", self.refused.to_string());
        line("delivered", self.delivered.to_string());
        line("delivered/s", format!("{:.0}", self.delivered_per_second));
        line("lost", self.lost.to_string());
        line("twice or out of order", self.out_of_order.to_string());
        line("not ours", self.foreign.to_string());
        line("streams broken off", self.broken_streams.to_string());
        let latency = &self.latency_ms;
        let rows = [
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p99", latency.p99),
            ("p99.9", latency.p999),
            ("max", latency.max),
        ];
        for (name, millis) in rows {
            line(&format!("publish to read, {name}"), format!("{millis:.3} ms"));
        }
        if let Some(server) = &self.server {
            line("server CPU", format!("{:.3} s", server.cpu_seconds));
            line("server CPU per delivery", format!("{:.3} us", server.cpu_us_per_delivery));
            line("server CPU per publish", format!("{:.3} us", server.cpu_us_per_publish));
            line("delivered/server CPU s", format!("{:.0}", server.delivered_per_cpu_second));
            line("memory per idle listener", format!("{:.1} KiB", server.kib_per_idle_listener));
        }
        table
    }
}
