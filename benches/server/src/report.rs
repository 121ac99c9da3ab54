use std::{fmt::Write, time::Duration};

/// What one run measured.
#[derive(Clone, Copy)]
pub struct Run {
    pub events_per_second: f64,
    pub cpu_per_event: f64,
}

impl Run {
    /// One that took `wall`, and `cpu` of the server.
    pub fn new(events: usize, wall: Duration, cpu: Duration) -> Self {
        let events = events as f64;
        Self {
            events_per_second: events / wall.as_secs_f64(),
            cpu_per_event: cpu.as_secs_f64() / events,
        }
    }
}

/// The runs of both servers under one load, in the order in which they alternated.
pub struct Scenario {
    pub name: String,
    pub ours: Vec<Run>,
    pub reference: Vec<Run>,
}

impl Scenario {
    /// One without runs.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ours: Vec::new(), reference: Vec::new() }
    }

    /// How many times as many events a second we deliver.
    fn speed(&self) -> f64 {
        self.ratio(|run| run.events_per_second)
    }

    /// How many times as much CPU an event costs us.
    pub fn cpu(&self) -> f64 {
        self.ratio(|run| run.cpu_per_event)
    }

    pub fn is_slower(&self) -> bool {
        self.speed() < 1.0 || 1.0 < self.cpu()
    }

    /// The median of the ratios of neighbouring runs: a drift of the machine falls out.
    fn ratio(&self, figure: impl Fn(&Run) -> f64) -> f64 {
        let pairs = self.ours.iter().zip(&self.reference);
        median(pairs.map(|(ours, reference)| figure(ours) / figure(reference)).collect())
    }
}

/// The scenarios as a Markdown table.
pub fn table(scenarios: &[Scenario]) -> String {
    let mut table = String::from(
        "| scenario | events/s | reference | ratio | CPU/event | reference | ratio |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    for scenario in scenarios {
        let speed = |runs: &[Run]| median(runs.iter().map(|run| run.events_per_second).collect());
        let cpu = |runs: &[Run]| median(runs.iter().map(|run| run.cpu_per_event * 1e6).collect());
        let (ours, reference) = (&scenario.ours, &scenario.reference);
        writeln!(
            table,
            "| {} | {:.0} | {:.0} | {:.2} | {:.1} µs | {:.1} µs | {:.2} |",
            scenario.name,
            speed(ours),
            speed(reference),
            scenario.speed(),
            cpu(ours),
            cpu(reference),
            scenario.cpu(),
        )
        .expect("a string takes everything");
    }
    table
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
