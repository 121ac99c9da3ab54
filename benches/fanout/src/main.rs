//! What a publication to a crowd costs: `eventsource-server` beside a bare loop of `send`s, axum's `Sse`
//! over `tokio::sync::broadcast` and nginx with nchan, in the same run, each on one processor with the load
//! on another.

mod churn;
mod contestant;
mod in_process;
mod late;
mod measures;
mod plot;
mod report;
mod scenario;
mod workers;

use std::{error::Error, fs, path::PathBuf};

use churn::Churn;
use clap::Parser;
use contestant::Programs;
use late::Late;
use report::Figures;
use rustix::process::{Resource, getrlimit, setrlimit};
use scenario::Scenario;
use workers::Workers;

/// Runs all contestants in turn in each scenario and prints medians and ratios as Markdown. With three runs
/// it takes ten minutes.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    programs: Programs,
    /// Runs of each contestant in each scenario
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// How long each run publishes, in milliseconds
    #[arg(long, default_value_t = 3_000)]
    duration: u64,
    /// How long a crowd is measured beside a replay to late listeners, in seconds; 0: not
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    replay: u64,
    /// Also open and close connections at random for so long, 60 s by default, and look at what is left of
    /// them
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    churn: Option<u64>,
    /// Only this scenario, and nothing beside; may be given more than once
    #[arg(long)]
    only: Vec<Scenario>,
    /// Where to write the plot
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Exit with 1 if a figure is not reached
    #[arg(long)]
    check: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // The servers and the load inherit it.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;

    let is_whole = args.only.is_empty();
    let (mut figures, mut workers) = (Figures::default(), Workers::default());
    for run in 1..=args.runs {
        eprintln!("run {run} of {}", args.runs);
        compare(&args, &mut figures)?;
        if is_whole {
            workers.measure(&args.programs, args.duration)?;
        }
    }
    figures.publish_us = in_process::publish();
    figures.replay_gb = in_process::replay();
    let mut text = figures.table();
    if is_whole {
        text.push_str(&workers.table());
    }
    if 0 < args.replay && is_whole {
        text.push_str(&Late::measure(&args.programs, args.replay)?.table());
    }
    let mut missed = figures.missed();
    if let Some(seconds) = args.churn {
        let churn = Churn::measure(&args.programs, seconds)?;
        text.push_str(&churn.table());
        missed.extend(churn.missed());
    }
    print!("{text}");
    if let Some(plot) = &args.plot {
        fs::write(plot, plot::svg(&figures))?;
    }
    if args.check && !missed.is_empty() {
        return Err(format!("not reached: {}", missed.join("; ")).into());
    }
    Ok(())
}

/// One run of each contestant in each scenario.
fn compare(args: &Args, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
    for scenario in Scenario::ALL {
        if !args.only.is_empty() && !args.only.contains(&scenario) {
            continue;
        }
        for &contestant in scenario.contestants() {
            eprintln!("{}, {}", scenario.name(), contestant.name());
            let server = contestant.start(&args.programs, scenario.setup())?;
            let run = server.measure(&scenario.args(args.duration))?;
            figures.add(scenario, contestant, run);
        }
    }
    Ok(())
}
