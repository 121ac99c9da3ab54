use std::fmt::Write;

use crate::{contestants::Framework, load::Load};

/// What one run measured.
#[derive(Clone, Copy)]
pub struct Run {
    /// Events read in a second.
    pub per_second: f64,
    /// Seconds of the server's CPU for one event.
    pub cpu: f64,
}

/// The runs of both ways of a framework under one load, in the order in which they alternated.
pub struct Race {
    pub framework: Framework,
    pub load: Load,
    pub ours: Vec<Run>,
    pub own: Vec<Run>,
}

impl Race {
    /// How many times as many events a second of the server's CPU gives.
    ///
    /// The median of the ratios of neighbouring runs: a drift of the machine falls out.
    pub fn gain(&self) -> f64 {
        self.ratio(|run| 1.0 / run.cpu)
    }

    /// The same for a second on the wall; where events come at a pace there is nothing to gain.
    pub fn speed(&self) -> f64 {
        self.ratio(|run| run.per_second)
    }

    pub fn is_lost(&self) -> bool {
        if self.load.streams == 1 {
            self.speed() < 3.0
        } else if self.load.is_fast {
            self.speed() < 1.0
        } else {
            self.gain() < NOISE
        }
    }

    fn ratio(&self, figure: impl Fn(&Run) -> f64) -> f64 {
        let pairs = self.ours.iter().zip(&self.own);
        median(pairs.map(|(ours, own)| figure(ours) / figure(own)).collect())
    }
}

/// Medians of whole runs at the same pace went from 0.93 to 1.05 on one shared machine.
const NOISE: f64 = 0.9;

/// The races as Markdown.
pub fn table(races: &[Race]) -> String {
    let mut table = String::from(
        "| scenario | framework's own | events/s | adapter | ratio | events/CPU s | adapter | ratio |\n\
         |---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for race in races {
        let speed = |runs: &[Run]| median(runs.iter().map(|run| run.per_second).collect());
        let gain = |runs: &[Run]| median(runs.iter().map(|run| 1.0 / run.cpu).collect());
        writeln!(
            table,
            "| {} | {} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} |",
            race.load.name,
            race.framework.name(),
            speed(&race.own),
            speed(&race.ours),
            race.speed(),
            gain(&race.own),
            gain(&race.ours),
            race.gain(),
        )
        .expect("a string takes everything");
    }
    table
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
