//! Each adapter's `Sse` beside its framework's own, in the same run: one stream as fast as it goes, and
//! 1,000 streams, from servers of one thread over loopback.

mod contestants;
mod load;
mod plot;
mod report;
mod source;

use std::{env, error::Error, fs, path::PathBuf, time::Duration};

use bench_server::Server;
use clap::{Parser, Subcommand};
use contestants::Framework;
use load::Load;
use report::{Race, Run};

/// Runs both ways of each framework in turn and prints medians and ratios as Markdown.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    server: Option<Serve>,
    /// Runs of each way in each scenario
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Where to write the plot
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Exit with 1 if an adapter is less than three times as fast on one stream, or slower on 1,000
    #[arg(long)]
    check: bool,
}

#[derive(Subcommand)]
enum Serve {
    /// Serves one way of one framework, to be measured
    Serve {
        framework: Framework,
        #[arg(long)]
        ours: bool,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if let Some(Serve::Serve { framework, ours }) = args.server {
        return Ok(framework.serve(ours)?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let races = runtime.block_on(run_all(args.runs))?;
    print!("{}", report::table(&races));
    if let Some(plot) = args.plot {
        fs::write(plot, plot::svg(&races))?;
    }
    match races.iter().find(|race| race.is_lost()) {
        Some(race) if args.check => {
            Err(format!("{}, {}: too slow", race.framework.name(), race.load.name).into())
        }
        _ => Ok(()),
    }
}

async fn run_all(runs: usize) -> Result<Vec<Race>, Box<dyn Error>> {
    let mut races = Vec::new();
    for load in LOADS {
        for framework in Framework::ALL {
            let mut race = Race { framework, load, ours: Vec::new(), own: Vec::new() };
            for run in 0..runs {
                eprintln!("{}, {}: run {} of {runs}", framework.name(), load.name, run + 1);
                // On a machine that changes its speed, neither is always the second.
                if run % 2 == 0 {
                    race.ours.push(measure(framework, true, load).await?);
                }
                race.own.push(measure(framework, false, load).await?);
                if run % 2 == 1 {
                    race.ours.push(measure(framework, true, load).await?);
                }
            }
            races.push(race);
        }
    }
    Ok(races)
}

async fn measure(framework: Framework, is_ours: bool, load: Load) -> Result<Run, Box<dyn Error>> {
    let name = clap::ValueEnum::to_possible_value(&framework).ok_or("a framework has a name")?;
    let mut args = vec!["serve", name.get_name()];
    if is_ours {
        args.push("--ours");
    }
    let server = Server::start(&env::current_exe()?, &args).await?;
    let mut before = Duration::ZERO;
    let wall = load.run(server.addr, || before = server.cpu().unwrap_or_default()).await?;
    let cpu = server.cpu()?.saturating_sub(before);
    let events = (load.streams * load.events) as f64;
    Ok(Run { per_second: events / wall.as_secs_f64(), cpu: cpu.as_secs_f64() / events })
}

const LOADS: [Load; 3] = [
    Load { name: "one stream, as fast as it goes", streams: 1, events: 1_000_000, is_fast: true },
    Load {
        name: "1,000 streams, as fast as they go",
        streams: 1_000,
        events: 1_000,
        is_fast: true,
    },
    Load {
        name: "1,000 streams, one event every 40 ms",
        streams: 1_000,
        events: 100,
        is_fast: false,
    },
];
