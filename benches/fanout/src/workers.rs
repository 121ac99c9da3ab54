use std::{error::Error, fmt::Write};

use serde_json::Value;

use crate::{
    contestant::{Contestant, Programs, Setup},
    report::median,
    scenario::Scenario,
};

/// What eventsource-server does with one thread and with two, on processors that it shares with the load.
#[derive(Default)]
pub struct Workers(Vec<(usize, Scenario, Value)>);

impl Workers {
    /// Adds a round.
    pub fn measure(&mut self, programs: &Programs, duration: u64) -> Result<(), Box<dyn Error>> {
        for scenario in SCENARIOS {
            for workers in WORKERS {
                eprintln!("{}, {workers} workers", scenario.name());
                let setup = Setup { workers: Some(workers), ..Setup::default() };
                let server = Contestant::Ours.start(programs, setup)?;
                let run = server.measure(&scenario.args(duration))?;
                self.0.push((workers, scenario, run));
            }
        }
        Ok(())
    }

    pub fn table(&self) -> String {
        let mut table = String::from(
            "\n## One worker and two\n\n`eventsource-server --workers`; the server and the load share all \
             processors.\n\n| | workers | CPU for a delivery, µs | deliveries/s | p99, ms |\n\
             |---|--:|--:|--:|--:|\n",
        );
        for scenario in SCENARIOS {
            for workers in WORKERS {
                let median = |figure| self.median(workers, scenario, figure).unwrap_or(f64::NAN);
                writeln!(
                    table,
                    "| {} | {workers} | {:.3} | {:.0} | {:.2} |",
                    scenario.name(),
                    median("/server/cpu_us_per_delivery"),
                    median("/delivered_per_second"),
                    median("/latency_ms/p99"),
                )
                .expect("memory takes all");
            }
        }
        table
    }

    fn median(&self, workers: usize, scenario: Scenario, figure: &str) -> Option<f64> {
        let runs = self.0.iter().filter(|run| (run.0, run.1) == (workers, scenario));
        median(runs.filter_map(|run| run.2.pointer(figure)?.as_f64()).collect())
    }
}

const SCENARIOS: [Scenario; 3] = [Scenario::Crowd, Scenario::Paced, Scenario::Channels];
const WORKERS: [usize; 2] = [1, 2];
