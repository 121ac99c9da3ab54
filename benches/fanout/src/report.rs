use std::fmt::Write;

use serde_json::Value;

use crate::{
    contestant::Contestant::{self, Bare, Nchan, Ours, Reference},
    measures::{MEASURES, Measure, Reach},
    scenario::Scenario,
};

/// All that the contestants were measured at.
#[derive(Default)]
pub struct Figures {
    runs: Vec<(Scenario, Contestant, Value)>,
    pub publish_us: f64,
    pub replay_gb: f64,
}

impl Figures {
    pub fn add(&mut self, scenario: Scenario, contestant: Contestant, run: Value) {
        self.runs.push((scenario, contestant, run));
    }

    /// Those of the scenarios that were run.
    pub fn measures(&self) -> impl Iterator<Item = &'static Measure> {
        MEASURES.iter().filter(|measure| self.runs.iter().any(|run| run.0 == measure.scenario))
    }

    /// The median of a contestant's runs; none if it has none.
    pub fn median(&self, measure: &Measure, contestant: Contestant) -> Option<f64> {
        median(self.all(measure, contestant))
    }

    /// The median of the ratios of ours to the one beside it, run by run: a drift falls out.
    fn ratio(&self, measure: &Measure, beside: Contestant) -> f64 {
        let (ours, theirs) = (self.all(measure, Ours), self.all(measure, beside));
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        median(ratios.collect()).unwrap_or(f64::NAN)
    }

    /// What is compared with the bound of `reach`.
    fn reached(&self, measure: &Measure, reach: &Reach) -> f64 {
        match reach.beside {
            Some(beside) => self.ratio(measure, beside),
            None => self.median(measure, Ours).unwrap_or(f64::NAN),
        }
    }

    pub fn table(&self) -> String {
        let mut table = String::from("| measure | ");
        for contestant in Contestant::ALL {
            write!(table, "{} | ", contestant.name()).expect("memory takes all");
        }
        table.push_str("ratio | to reach |\n|---|--:|--:|--:|--:|--:|--:|\n");
        for measure in self.measures() {
            write!(table, "| {}, {} | ", measure.name, measure.unit).expect("memory takes all");
            for contestant in Contestant::ALL {
                let median = self.median(measure, contestant);
                let shown = median.map_or_else(String::new, |median| measure.shown(median));
                write!(table, "{shown} | ").expect("memory takes all");
            }
            let reached = |reach: &Reach| match reach.beside {
                Some(beside) => format!("{:.3} × {}", self.ratio(measure, beside), beside.short()),
                None => String::new(),
            };
            let ratios: Vec<_> = measure.reach.iter().map(reached).collect();
            let bounds: Vec<_> = measure.reach.iter().map(Reach::to_string).collect();
            writeln!(table, "{} | {} |", ratios.join(", "), bounds.join(", "))
                .expect("memory takes all");
        }
        let (publish, replay) = (self.publish_us, self.replay_gb);
        writeln!(
            table,
            "| `Hub::publish` with 100,000 listeners, half take at most, µs | | {publish:.2} | | | | ≤ {PUBLISH_US} |\n\
             | replay of 100,000 events to one late listener for a second of CPU, GB | | {replay:.2} | | | | ≥ {REPLAY_GB} |\n\n{}",
            self.loads()
        )
        .expect("memory takes all");
        table
    }

    /// How busy the load was, where it may have held a server up.
    fn loads(&self) -> String {
        let load = |run: &(_, _, Value)| run.2.pointer("/load").and_then(Value::as_f64);
        let busy = self.runs.iter().filter(|run| load(run).is_some_and(|load| BUSY < load));
        let mut told: Vec<_> = busy.map(|run| (run.0, run.1)).collect();
        told.sort();
        told.dedup();
        if told.is_empty() {
            return format!("The load was busy for at most {:.0} % of each run.\n", BUSY * 100.0);
        }
        let mut text = format!("The load was busy for more than {:.0} % in:\n\n", BUSY * 100.0);
        for (scenario, contestant) in told {
            writeln!(text, "- {}: {}", scenario.name(), contestant.name())
                .expect("memory takes all");
        }
        text
    }

    /// The lines that the server misses.
    pub fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for measure in self.measures() {
            for reach in measure.reach {
                let reached = self.reached(measure, reach);
                if !reach.is_reached(reached) {
                    missed.push(format!("{}: {reached:.3}, to reach {reach}", measure.name));
                }
            }
        }
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
        runs.filter_map(|run| Some(run.2.pointer(measure.figure)?.as_f64()? * measure.scale))
            .collect()
    }
}

impl Contestant {
    /// As the ratios name it.
    pub fn short(self) -> &'static str {
        match self {
            Bare => "bare",
            Ours => "ours",
            Reference => "axum",
            Nchan => "nchan",
        }
    }
}

/// None of nothing.
pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

const PUBLISH_US: f64 = 20.0;
const REPLAY_GB: f64 = 1.0;

/// A load that is busy for more of the time than this may hold up a server.
const BUSY: f64 = 0.9;
