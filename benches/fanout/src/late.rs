use std::{error::Error, fmt::Write};

use serde_json::Value;

use crate::contestant::{Contestant, Programs, Setup};

/// What a replay to listeners that come late does to others: a crowd on another channel, and publishers.
///
/// nchan is not asked: it answers the first late listener, and from then on nobody.
pub struct Late {
    without: Value,
    with: Value,
}

impl Late {
    pub fn measure(programs: &Programs, seconds: u64) -> Result<Self, Box<dyn Error>> {
        eprintln!("a replay beside 1,000 listeners");
        let setup = Setup { remembers: true, ..Setup::default() };
        let server = Contestant::Ours.start(programs, setup)?;
        let measure =
            |args: String| server.measure(&args.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let crowd = format!("--rate 100 --in-flight 8 --duration {}", seconds * 1000);
        let without = measure(crowd.clone())?;
        // On channel 1; the crowd is on channel 0.
        measure(format!(
            "--listeners 2 --channels 2 --pipeline --events {} --size {SIZE}",
            REMEMBERED * 2
        ))?;
        let late = server.listen("1?since=earliest");
        let slow = format!("--slow {LATE} --slow-rate {RATE} --slow-listen {late}");
        let with = measure(format!("{crowd} {slow}"))?;
        Ok(Self { without, with })
    }

    pub fn table(&self) -> String {
        let mut table = format!(
            "\n## A replay beside a crowd\n\n1,000 listeners of `eventsource-server` on a channel with 100 events/s; \
             beside them {LATE} late ones are sent the {} MB that another channel remembers, of which each \
             reads {} MB a second.\n\n\
             | | read late, MB/s | delivery p50, ms | p99, ms | answer to a POST p50, ms | p99, ms | CPU |\n\
             |---|--:|--:|--:|--:|--:|--:|\n",
            REMEMBERED * SIZE / 1_000_000,
            RATE / 1_000_000,
        );
        for (name, run) in [("without", &self.without), ("with", &self.with)] {
            let figure = |figure| run.pointer(figure).and_then(Value::as_f64).unwrap_or(0.0);
            let seconds = figure("/seconds");
            writeln!(
                table,
                "| {name} the replay | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} % |",
                figure("/slow/bytes") / 1e6 / seconds,
                figure("/latency_ms/p50"),
                figure("/latency_ms/p99"),
                figure("/answer_ms/p50"),
                figure("/answer_ms/p99"),
                figure("/server/cpu_seconds") / seconds * 100.0,
            )
            .expect("memory takes all");
        }
        table
    }
}

/// How many events are remembered, and how long each is.
const REMEMBERED: u64 = 100_000;
const SIZE: u64 = 1_000;

const LATE: u64 = 50;

/// How much each late listener reads in a second, in bytes: together a twentieth of what the load can.
const RATE: u64 = 2_000_000;
