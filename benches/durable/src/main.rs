//! What it costs to keep histories on disk.
//!
//! Times of a disk differ from machine to machine and from minute to minute, so what counts are ratios: each
//! contestant has its turn in each round, and the median of the rounds is printed.

mod ratio;
mod raw;
mod replay;
mod start;
mod store;
mod writers;

use std::{error::Error, path::PathBuf};

use clap::{Parser, Subcommand};

/// Prints tables as Markdown
#[derive(Parser)]
struct Args {
    /// Fails if what must be reached is not
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    part: Option<Part>,
    /// Where the files are made; default: the system's directory for temporary files
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    /// How often each contestant has its turn
    #[arg(long, global = true, default_value_t = 15)]
    rounds: usize,
}

#[derive(Subcommand)]
enum Part {
    /// The store at its own interface, without a hub and without HTTP; this is the default
    Store,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let dir = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let reached = match args.part.unwrap_or(Part::Store) {
        Part::Store => store::run(dir.path(), args.rounds)?,
    };
    if args.check && !reached {
        return Err("not all is as fast as it must be".into());
    }
    Ok(())
}
