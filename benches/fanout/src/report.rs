use std::fmt::Write;

use serde_json::Value;

use crate::{contestant::Contestant, scenario::Scenario};

/// All that was measured.
#[derive(Default)]
pub struct Figures {
    runs: Vec<(Scenario, Contestant, Value)>,
    pub publish_us: f64,
    pub replay_gb: f64,
}

/// One line of the table.
pub struct Measure {
    pub name: &'static str,
    unit: &'static str,
    scenario: Scenario,
    /// Where the figure stands in what the load prints.
    figure: &'static str,
    /// Beside whom, and the bound of the ratio to it.
    beside: Contestant,
    reach: Reach,
}

#[derive(Clone, Copy)]
enum Reach {
    AtLeast(f64),
    AtMost(f64),
}

pub const MEASURES: [Measure; 6] = [
    Measure {
        name: "1,000 listeners on one channel, 32 publishes in flight: deliveries for a second of the server's CPU",
        unit: "M",
        scenario: Scenario::Crowd,
        figure: "/server/delivered_per_cpu_second",
        beside: Contestant::Reference,
        reach: Reach::AtLeast(3.0),
    },
    Measure {
        name: "the same with 256 in flight",
        unit: "M",
        scenario: Scenario::DeepCrowd,
        figure: "/server/delivered_per_cpu_second",
        beside: Contestant::Reference,
        reach: Reach::AtLeast(4.0),
    },
    Measure {
        name: "1,000 listeners, 100 events/s: server's CPU for a delivery",
        unit: "µs",
        scenario: Scenario::Paced,
        figure: "/server/cpu_us_per_delivery",
        beside: Contestant::Reference,
        reach: Reach::AtMost(0.95),
    },
    Measure {
        name: "the same: 99 of 100 are read within",
        unit: "ms",
        scenario: Scenario::Paced,
        figure: "/latency_ms/p99",
        beside: Contestant::Nchan,
        reach: Reach::AtMost(1.0),
    },
    Measure {
        name: "1,000 channels with one listener each, 32 in flight: server's CPU for a publish and its delivery",
        unit: "µs",
        scenario: Scenario::Channels,
        figure: "/server/cpu_us_per_publish",
        beside: Contestant::Reference,
        reach: Reach::AtMost(0.9),
    },
    Measure {
        name: "memory of an idle listener",
        unit: "KiB",
        scenario: Scenario::Crowd,
        figure: "/server/kib_per_idle_listener",
        beside: Contestant::Reference,
        reach: Reach::AtMost(0.65),
    },
];

impl Figures {
    pub fn add(&mut self, scenario: Scenario, contestant: Contestant, run: Value) {
        self.runs.push((scenario, contestant, run));
    }

    /// The median of a contestant's runs.
    pub fn median(&self, measure: &Measure, contestant: Contestant) -> f64 {
        median(self.all(measure, contestant))
    }

    /// The median of the ratios of ours to the one beside it, run by run: a drift falls out.
    pub fn ratio(&self, measure: &Measure) -> f64 {
        let ours = self.all(measure, Contestant::Ours);
        let theirs = self.all(measure, measure.beside);
        median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
    }

    pub fn table(&self) -> String {
        let mut table = String::from("| measure | ");
        for contestant in Contestant::ALL {
            write!(table, "{} | ", contestant.name()).expect("memory takes all");
        }
        table.push_str("ratio | to reach |\n|---|--:|--:|--:|--:|--:|\n");
        for measure in &MEASURES {
            write!(table, "| {}, {} | ", measure.name, measure.unit).expect("memory takes all");
            for contestant in Contestant::ALL {
                let median = self.median(measure, contestant);
                let shown = if measure.unit == "M" { median / 1e6 } else { median };
                write!(table, "{shown:.2} | ").expect("memory takes all");
            }
            let bound = measure.bound();
            writeln!(table, "{:.2} | {bound} |", self.ratio(measure)).expect("memory takes all");
        }
        let (publish, replay) = (self.publish_us, self.replay_gb);
        writeln!(
            table,
            "| `Hub::publish` with 100,000 listeners, half take at most, µs | {publish:.2} | | | | ≤ {PUBLISH_US} |\n\
             | replay of 100,000 events to one late listener for a second of CPU, GB | {replay:.2} | | | | ≥ {REPLAY_GB} |"
        )
        .expect("memory takes all");
        table
    }

    /// What is not reached.
    pub fn missed(&self) -> Vec<String> {
        let missed = MEASURES.iter().filter(|measure| !measure.is_reached(self.ratio(measure)));
        let mut missed: Vec<_> = missed.map(|measure| measure.name.to_owned()).collect();
        if PUBLISH_US < self.publish_us {
            missed.push("publish".to_owned());
        }
        if self.replay_gb < REPLAY_GB {
            missed.push("replay".to_owned());
        }
        missed
    }

    fn all(&self, measure: &Measure, contestant: Contestant) -> Vec<f64> {
        let runs = self.runs.iter();
        let runs = runs.filter(|run| run.0 == measure.scenario && run.1 == contestant);
        runs.filter_map(|run| run.2.pointer(measure.figure)?.as_f64()).collect()
    }
}

impl Measure {
    fn is_reached(&self, ratio: f64) -> bool {
        match self.reach {
            Reach::AtLeast(least) => least <= ratio,
            Reach::AtMost(most) => ratio <= most,
        }
    }

    fn bound(&self) -> String {
        let beside = self.beside.name();
        match self.reach {
            Reach::AtLeast(least) => format!("≥ {least} × {beside}"),
            Reach::AtMost(most) => format!("≤ {most} × {beside}"),
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

const PUBLISH_US: f64 = 20.0;
const REPLAY_GB: f64 = 1.0;
