//! Our client beside others: what each does in known scenarios, and how many events it reads.

mod contestants;
mod scenarios;
mod server;
mod throughput;
mod verdicts;

use std::{panic, process::ExitCode};

use clap::Parser;
use contestants::OURS;
use futures_util::future::join_all;
use throughput::Speed;

#[derive(Parser)]
#[command(version)]
struct Args {
    /// How often each client's reading is measured; the best counts
    #[arg(long, default_value_t = 30)]
    runs: u32,
    /// How many events are read each time
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Leaves the scenarios out
    #[arg(long)]
    only_throughput: bool,
    /// Measures only clients whose name begins so
    #[arg(long, requires = "only_throughput")]
    only: Option<String>,
    /// Fails if our client is wrong in a scenario, or less than twice as fast as the others
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // Panics are what is looked for: their stacks would hide the table.
    panic::set_hook(Box::new(|_| ()));
    let are_right = args.only_throughput || tabulate_scenarios();
    if !args.only_throughput {
        println!();
    }
    let is_fast = tabulate_throughput(args.runs, args.events, args.only.as_deref());
    match args.check && !(are_right && is_fast) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Prints what each client does in each scenario; whether ours does the right thing in all.
fn tabulate_scenarios() -> bool {
    let runtime = tokio::runtime::Runtime::new().expect("there are files");
    let contestants = contestants::all();
    let names: Vec<_> = contestants.iter().map(|contestant| contestant.name).collect();
    println!("## What each does in {:?}, or twice that after a 503\n", scenarios::WINDOW);
    println!("| scenario | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    let mut wrong = vec![0; contestants.len()];
    let mut are_right = true;
    for scenario in scenarios::all() {
        let verdicts = join_all(contestants.iter().map(|contestant| scenario.run(contestant)));
        let verdicts = runtime.block_on(verdicts);
        let texts: Vec<_> = verdicts.iter().map(|verdict| &*verdict.text).collect();
        println!("| {} | {} |", scenario.name, texts.join(" | "));
        for (wrong, verdict) in wrong.iter_mut().zip(&verdicts) {
            *wrong += u32::from(!verdict.is_right);
        }
        are_right &= verdicts[0].is_right;
    }
    let wrong: Vec<_> = wrong.iter().map(u32::to_string).collect();
    println!("| not as it should be | {} |", wrong.join(" | "));
    are_right
}

/// Prints how fast each client reads; whether ours does with half of what the best other costs.
fn tabulate_throughput(runs: u32, events: u64, only: Option<&str>) -> bool {
    let mut contestants: Vec<_> = contestants::all().into();
    contestants.retain(|contestant| only.is_none_or(|only| contestant.name.starts_with(only)));
    let mut best = vec![Speed::default(); contestants.len()];
    let mut limit = Speed::default();
    for _ in 0..runs {
        limit = limit.max(throughput::measure(throughput::nothing_but_the_socket, events));
        for (best, contestant) in best.iter_mut().zip(&contestants) {
            *best = best.max(throughput::measure(throughput::by(contestant), events));
        }
    }
    println!("## Events of 175 bytes, one stream over loopback\n");
    println!("| client | events/s | MB/s | {OURS} is | events/CPU s | {OURS} is |");
    println!("|---|--:|--:|--:|--:|--:|");
    let ours = best[0];
    let names = contestants.iter().map(|contestant| contestant.name);
    for (name, best) in names.zip(&best).chain([("nothing but the socket", &limit)]) {
        println!(
            "| {name} | {:.0} | {:.0} | {:.2} × | {:.0} | {:.2} × |",
            best.by_clock,
            best.by_clock * 175.0 / 1e6,
            ours.by_clock / best.by_clock,
            best.by_cpu,
            ours.by_cpu / best.by_cpu,
        );
    }
    best.iter().skip(OWN).all(|other| 2.0 * other.by_cpu <= ours.by_cpu)
}

/// How many of the contestants are this project's.
const OWN: usize = 2;
