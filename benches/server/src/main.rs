//! `eventsource-server` beside a reference in the same run: events per second, and server CPU per
//! delivered event, over loopback.

use std::{error::Error, path::PathBuf, time::Duration};

use bench_server::{Load, Run, Scenario, Server, table};
use clap::Parser;

/// Runs both servers in turn under the same load and prints medians and ratios as Markdown.
#[derive(Parser)]
struct Args {
    /// The eventsource-server to measure
    #[arg(long)]
    server: PathBuf,
    /// The reference to measure beside it
    #[arg(long)]
    reference: PathBuf,
    /// Events in each run
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Runs of each server in each scenario
    #[arg(long, default_value_t = 10)]
    runs: usize,
    /// Exit with 1 if the server is slower than the reference in any scenario
    #[arg(long)]
    check: bool,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let loads = [
        (
            "one channel, one listener",
            Load { channels: 1, publishers: 32, events: args.events, headers: "" },
        ),
        (
            "1,000 channels, one listener each",
            Load { channels: 1_000, publishers: 32, events: args.events, headers: "" },
        ),
    ];
    let mut scenarios = Vec::new();
    for (name, load) in loads {
        let mut scenario = Scenario::new(name);
        for run in 0..args.runs {
            eprintln!("{name}: run {} of {}", run + 1, args.runs);
            let ours_first = run % 2 == 0;
            if ours_first {
                scenario.ours.push(measure(&args.server, &["-P", "0"], load).await?);
            }
            scenario.reference.push(measure(&args.reference, &[], load).await?);
            // On a machine that changes its speed, neither is always the second.
            if !ours_first {
                scenario.ours.push(measure(&args.server, &["-P", "0"], load).await?);
            }
        }
        scenarios.push(scenario);
    }
    print!("{}", table(&scenarios));
    if args.check && scenarios.iter().any(Scenario::is_slower) {
        return Err("slower than the reference".into());
    }
    Ok(())
}

async fn measure(program: &PathBuf, args: &[&str], load: Load) -> Result<Run, Box<dyn Error>> {
    let server = Server::start(program, args).await?;
    let mut before = Duration::ZERO;
    let wall = load.run(server.addr, || before = server.cpu().unwrap_or_default()).await?;
    let cpu = server.cpu()?.saturating_sub(before);
    Ok(Run::new(load.events, wall, cpu))
}
