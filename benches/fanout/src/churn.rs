use std::{error::Error, fmt::Write};

use serde_json::Value;

use crate::contestant::{Contestant, Programs, Setup};

/// What eventsource-server holds before and after thousands of connections that came and went.
pub struct Churn {
    seconds: u64,
    /// Of the second it can be told whether the memory goes on growing.
    runs: [Value; 2],
}

impl Churn {
    pub fn measure(programs: &Programs, seconds: u64) -> Result<Self, Box<dyn Error>> {
        eprintln!("10,000 connections that come and go for {seconds} s");
        let server = Contestant::Ours.start(programs, Setup::default())?;
        let run = |seconds: u64| {
            let args = format!(
                "--listeners 10000 --churn 4000 --rate 10 --in-flight 1 --duration {}",
                seconds * 1000
            );
            server.measure(&args.split(' ').map(str::to_owned).collect::<Vec<_>>())
        };
        Ok(Self { seconds, runs: [run(FIRST)?, run(seconds)?] })
    }

    pub fn table(&self) -> String {
        let mut table = format!(
            "\n## Connections that come and go\n\n10,000 listeners, of whom 4,000 a second go or come back at \
             random, some before they are answered, while 10 events/s are published.\n\n\
             | | opened | open files before | after | memory before, MiB | after |\n\
             |---|--:|--:|--:|--:|--:|\n"
        );
        for (run, seconds) in self.runs.iter().zip([FIRST, self.seconds]) {
            let figure = |figure| run.pointer(figure).and_then(Value::as_u64).unwrap_or(0);
            let mebibytes = |name| figure(name) as f64 / f64::from(1 << 20);
            writeln!(
                table,
                "| {seconds} s | {} | {} | {} | {:.1} | {:.1} |",
                figure("/listeners") + figure("/churn/opened"),
                figure("/churn/before/open_files"),
                figure("/churn/after/open_files"),
                mebibytes("/churn/before/memory"),
                mebibytes("/churn/after/memory"),
            )
            .expect("memory takes all");
        }
        let bound = MOST >> 20;
        writeln!(
            table,
            "\nAll files are closed after each run, or it fails. To reach: at most {bound} MiB more at the end \
             than at the beginning."
        )
        .expect("memory takes all");
        table
    }

    /// What the server misses, if it does.
    pub fn missed(&self) -> Option<String> {
        let [first, last] = &self.runs;
        let memory = |run: &Value, when| run.pointer(when).and_then(Value::as_u64);
        let before = memory(first, "/churn/before/memory").unwrap_or(0);
        let after = memory(last, "/churn/after/memory").unwrap_or(u64::MAX);
        let grown = after.saturating_sub(before);
        (MOST < grown).then(|| format!("connections that come and go leave {grown} bytes"))
    }
}

/// How long the first run lasts, in seconds.
const FIRST: u64 = 10;

/// How much more memory may be held at the end than at the beginning: what 10,000 listeners may take, and as
/// much again twice for what an allocator keeps.
const MOST: u64 = 16 << 20;
