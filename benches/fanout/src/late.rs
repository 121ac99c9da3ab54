use std::{error::Error, fmt::Write};

use serde_json::Value;

use crate::contestant::{Contestant, Programs, Setup};

/// What a replay to listeners that come late does to others: a crowd on another channel, and publishers.
pub struct Late(Vec<(Contestant, [Value; 2])>);

impl Late {
    pub fn measure(programs: &Programs, seconds: u64) -> Result<Self, Box<dyn Error>> {
        let mut runs = Vec::new();
        for contestant in [Contestant::Ours, Contestant::Nchan] {
            eprintln!("a replay beside 1,000 listeners, {}", contestant.name());
            let server =
                contestant.start(programs, Setup { remembers: true, ..Setup::default() })?;
            server.fill(REMEMBERED, SIZE)?;
            let duration = (seconds * 1000).to_string();
            let mut args = ["--rate", "100", "--in-flight", "8", "--duration", &duration]
                .map(str::to_owned)
                .to_vec();
            let without = server.measure(&args)?;
            let rate = REMEMBERED * SIZE / seconds;
            args.extend(["--slow-listen", server.late(), "--slow"].map(str::to_owned));
            args.extend([LATE.to_string(), "--slow-rate".to_owned(), rate.to_string()]);
            runs.push((contestant, [without, server.measure(&args)?]));
        }
        Ok(Self(runs))
    }

    pub fn table(&self) -> String {
        let mut table = format!(
            "\n## A replay beside a crowd\n\n1,000 listeners on a channel with 100 events/s; beside them {LATE} \
             late ones are sent the {} MB that another channel remembers, as fast as they read it.\n\n\
             | | replay | read late, MB/s | delivery p50, ms | p99, ms | answer to a POST p50, ms | p99, ms |\n\
             |---|---|--:|--:|--:|--:|--:|\n",
            REMEMBERED * SIZE / 1_000_000
        );
        for (contestant, runs) in &self.0 {
            for (run, replay) in runs.iter().zip(["without", "with"]) {
                let figure = |figure| run.pointer(figure).and_then(Value::as_f64).unwrap_or(0.0);
                writeln!(
                    table,
                    "| {} | {replay} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} |",
                    contestant.name(),
                    figure("/slow/bytes") / 1e6 / figure("/seconds"),
                    figure("/latency_ms/p50"),
                    figure("/latency_ms/p99"),
                    figure("/answer_ms/p50"),
                    figure("/answer_ms/p99"),
                )
                .expect("memory takes all");
            }
        }
        table
    }
}

/// How many events are remembered, and how long each is.
const REMEMBERED: u64 = 100_000;
const SIZE: u64 = 1_000;

const LATE: u64 = 50;
