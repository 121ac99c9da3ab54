use std::{fmt::Write, time::Duration};

use serde::Serialize;

use super::{
    churn::ChurnReport,
    config::{Amount, Config},
    latency::Latency,
    publisher::Publications,
    slow::SlowReport,
    tally::Tally,
};

/// What a run has measured. Times are in the units that their names say.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    is_silent: bool,
    listeners: usize,
    connects_per_second: f64,
    published: u64,
    refused: u64,
    delivered: u64,
    lost: u64,
    out_of_order: u64,
    foreign: u64,
    comments: u64,
    broken_streams: u64,
    seconds: f64,
    published_per_second: f64,
    delivered_per_second: f64,
    latency_ms: Latency,
    answer_ms: Latency,
    /// Which part of the time this process was busy; at 1 it holds the server up.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow: Option<SlowReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    churn: Option<ChurnReport>,
}

/// What the run has cost the server.
#[derive(Debug, Serialize)]
struct Server {
    connects_per_cpu_second: f64,
    cpu_seconds: f64,
    cpu_us_per_delivery: f64,
    cpu_us_per_publish: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_us_per_comment: Option<f64>,
    delivered_per_cpu_second: f64,
    kib_per_idle_listener: f64,
}

/// How long the parts of a run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) connecting: Duration,
    pub(super) running: Duration,
    /// The CPU time of this process meanwhile, where the system tells it.
    pub(super) own: Option<Duration>,
}

/// What a run has measured about the process of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// The CPU time of all connecting.
    pub(super) connecting: Duration,
    /// The CPU time of the run.
    pub(super) running: Duration,
    /// How much its memory has grown by the listeners, in bytes.
    pub(super) memory: u64,
}

impl Report {
    pub(super) fn new(
        config: &Config,
        times: Times,
        publications: &Publications,
        tally: &Tally,
        cost: Option<Cost>,
    ) -> Self {
        let (seen, published) = (tally.seen(), publications.published());
        let (listeners, seconds) = (config.listeners, times.running.as_secs_f64());
        let per = |cpu: Duration, count: u64| cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        let a_second = |count: u64, cpu: Duration| count as f64 / cpu.as_secs_f64().max(1e-9);
        Self {
            is_silent: matches!(config.amount, Amount::Silence(_)),
            listeners,
            connects_per_second: a_second(listeners as u64, times.connecting),
            published,
            refused: publications.refused(),
            delivered: seen.delivered,
            lost: seen.lost,
            out_of_order: seen.out_of_order,
            foreign: seen.foreign,
            comments: seen.comments,
            broken_streams: seen.broken,
            seconds,
            published_per_second: published as f64 / seconds,
            delivered_per_second: seen.delivered as f64 / seconds,
            latency_ms: seen.latency.quantiles(),
            answer_ms: publications.latency(),
            load: times.own.map(|own| own.as_secs_f64() / seconds),
            server: cost.map(|cost| Server {
                connects_per_cpu_second: a_second(listeners as u64, cost.connecting),
                cpu_seconds: cost.running.as_secs_f64(),
                cpu_us_per_delivery: per(cost.running, seen.delivered),
                cpu_us_per_publish: per(cost.running, published),
                cpu_us_per_comment: (0 < seen.comments).then(|| per(cost.running, seen.comments)),
                delivered_per_cpu_second: a_second(seen.delivered, cost.running),
                kib_per_idle_listener: cost.memory as f64 / 1024.0 / listeners as f64,
            }),
            slow: None,
            churn: None,
        }
    }

    pub(super) fn with(mut self, slow: Option<SlowReport>, churn: Option<ChurnReport>) -> Self {
        (self.slow, self.churn) = (slow, churn);
        self
    }

    /// What went wrong, if something did.
    pub(super) fn fault(&self) -> Option<String> {
        let open = self.churn.and_then(|churn| {
            let (before, after) = churn.before.zip(churn.after)?;
            after.open_files.checked_sub(before.open_files)
        });
        let faults = [
            (self.lost, "lost"),
            (self.out_of_order, "twice or out of order"),
            (self.broken_streams, "streams broken off"),
            (self.refused, "publications refused"),
            (open.unwrap_or(0), "files left open by the server"),
        ];
        let faults = faults.iter().filter(|(count, _)| 0 < *count);
        let told: Vec<_> = faults.map(|(count, what)| format!("{count} {what}")).collect();
        if self.published == 0 && !self.is_silent {
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
        line("comments", self.comments.to_string());
        line("streams broken off", self.broken_streams.to_string());
        for (name, millis) in self.latency_ms.rows() {
            line(&format!("publish to read, {name}"), format!("{millis:.3} ms"));
        }
        for (name, millis) in self.answer_ms.rows() {
            line(&format!("publish to answer, {name}"), format!("{millis:.3} ms"));
        }
        if let Some(load) = self.load {
            line("this process was busy", format!("{:.0} %", load * 100.0));
        }
        if let Some(server) = &self.server {
            server.write(&mut line);
        }
        if let Some(slow) = &self.slow {
            line("read slowly", format!("{:.1} MB", slow.bytes as f64 / 1e6));
        }
        if let Some(churn) = &self.churn {
            churn.write(&mut line);
        }
        table
    }
}

impl Server {
    fn write(&self, line: &mut impl FnMut(&str, String)) {
        line("connects/server CPU s", format!("{:.0}", self.connects_per_cpu_second));
        line("server CPU", format!("{:.3} s", self.cpu_seconds));
        line("server CPU per delivery", format!("{:.3} us", self.cpu_us_per_delivery));
        line("server CPU per publish", format!("{:.3} us", self.cpu_us_per_publish));
        if let Some(micros) = self.cpu_us_per_comment {
            line("server CPU per comment", format!("{micros:.3} us"));
        }
        line("delivered/server CPU s", format!("{:.0}", self.delivered_per_cpu_second));
        line("memory per idle listener", format!("{:.1} KiB", self.kib_per_idle_listener));
    }
}

impl ChurnReport {
    fn write(&self, line: &mut impl FnMut(&str, String)) {
        line("opened beside", self.opened.to_string());
        for (when, holdings) in [("before", self.before), ("after", self.after)] {
            if let Some(holdings) = holdings {
                line(&format!("open files {when}"), holdings.open_files.to_string());
                let mebibytes = holdings.memory as f64 / f64::from(1 << 20);
                line(&format!("memory {when}"), format!("{mebibytes:.1} MiB"));
            }
        }
    }
}
