//! What it costs to keep histories on disk.
//!
//! Times of a disk differ from machine to machine and from minute to minute, so what counts are ratios: each
//! contestant has its turn in each round, and the median of the rounds is printed.

mod ratio;
mod raw;
mod replay;
mod served;
mod server;
mod start;
mod store;
mod writers;

use std::{error::Error, path::PathBuf};

use clap::{Parser, Subcommand};
use server::Programs;

/// Prints tables as Markdown
#[derive(Parser)]
struct Args {
    /// Fails if what must be reached is not
    #[arg(long)]
    check: bool,
    /// One part alone; default: all of them
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    programs: Programs,
    /// Where the files are made; default: the system's directory for temporary files
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    /// How often each contestant has its turn
    #[arg(long, global = true, default_value_t = 15)]
    rounds: usize,
}

#[derive(Subcommand)]
enum Part {
    /// The store at its own interface, without a hub and without HTTP
    Store,
    /// `eventsource-server` with and without it
    Served,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let dir = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let mut reached = true;
    if !matches!(args.part, Some(Part::Served)) {
        reached &= store::run(dir.path(), args.rounds)?;
    }
    if !matches!(args.part, Some(Part::Store)) {
        reached &= served::run(&args.programs, dir.path(), args.rounds.min(5))?;
    }
    if args.check && !reached {
        return Err("not all is as fast as it must be".into());
    }
    Ok(())
}
