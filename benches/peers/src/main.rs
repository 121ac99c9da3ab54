//! The decoder and the encoder beside those of other crates, in one process: throughput, memory,
//! instructions, and the lines that must hold.
//!
//! In each round every contestant runs once, so that a slow moment of the machine meets all; the
//! best round of each counts. Every run is checked: who does not see all events and all bytes of
//! their data panics. What allocates is counted apart from what is timed, and instructions are
//! counted by callgrind, in a process of its own.

mod allocations;
mod contestants;
mod encode;
mod endless;
mod inputs;
mod instructions;
mod lines;
mod long_line;
mod measure;
mod measured;
mod memory;
mod plot;
mod report;

use std::{error::Error, fs, num::NonZeroUsize, path::PathBuf};

use clap::Parser;

use lines::Line;
use measured::Measured;

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting::new();

/// Prints tables as Markdown
#[derive(Parser)]
struct Args {
    /// Rounds in which everything runs once; the best counts
    #[arg(long, default_value = "31")]
    rounds: NonZeroUsize,
    /// Where to write the plot
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Exit with 1 if a line does not hold
    #[arg(long)]
    check: bool,
    /// Only let all run over one input, and say how fast they were
    #[arg(long, conflicts_with_all = ["check", "plot"])]
    only: Option<String>,
    /// Only run one contestant, for a program that counts instructions
    #[arg(long, hide = true, requires = "over")]
    instructions_of: Option<String>,
    /// Over which input that is
    #[arg(long, hide = true)]
    over: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if let (Some(name), Some(input)) = (&args.instructions_of, &args.over) {
        instructions::run(name, input);
        return Ok(());
    }
    let mut inputs = inputs::all();
    if let Some(only) = &args.only {
        inputs.retain(|input| input.name == only);
        println!("{}", report::throughput(&measured::races(&inputs, args.rounds.get())));
        return Ok(());
    }
    allocations::check(&inputs, &MEMORY);
    let measured = Measured::take(&inputs, args.rounds.get(), &MEMORY)?;
    let lines = lines::all(&measured);
    print!("{}", report::all(&measured, &lines));
    if let Some(path) = &args.plot {
        fs::write(path, plot::svg(&measured.races))?;
    }
    let missed: Vec<&Line> = lines.iter().filter(|line| !line.holds()).collect();
    for line in &missed {
        eprintln!("missed: {}", line.row());
    }
    if args.check && !missed.is_empty() {
        return Err(format!("{} lines do not hold", missed.len()).into());
    }
    Ok(())
}
