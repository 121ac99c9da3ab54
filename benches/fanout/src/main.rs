//! What a publication to a crowd costs: `eventsource-server` beside axum's `Sse` over
//! `tokio::sync::broadcast` and nginx with nchan, in the same run, each on one processor with the load
//! on another.

mod contestant;
mod in_process;
mod plot;
mod report;
mod scenario;

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;
use contestant::{Contestant, Programs};
use report::Figures;
use scenario::Scenario;

/// Runs all contestants in turn in each scenario and prints medians and ratios as Markdown.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    programs: Programs,
    /// Runs of each contestant in each scenario
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long each run publishes, in milliseconds
    #[arg(long, default_value_t = 3_000)]
    duration: u64,
    /// Where to write the plot
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Exit with 1 if a figure is not reached
    #[arg(long)]
    check: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut figures = Figures::default();
    for run in 1..=args.runs {
        for scenario in Scenario::ALL {
            for contestant in Contestant::ALL {
                eprintln!("{}, {}: run {run} of {}", scenario.name(), contestant.name(), args.runs);
                let server = contestant.start(&args.programs)?;
                figures.add(scenario, contestant, server.measure(scenario, args.duration)?);
            }
        }
    }
    figures.publish_us = in_process::publish();
    figures.replay_gb = in_process::replay();
    print!("{}", figures.table());
    if let Some(plot) = args.plot {
        fs::write(plot, plot::svg(&figures))?;
    }
    match figures.missed() {
        missed if args.check && !missed.is_empty() => {
            Err(format!("not reached: {}", missed.join("; ")).into())
        }
        _ => Ok(()),
    }
}
