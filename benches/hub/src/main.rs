//! What a publication costs in the hub, in instructions, and what channels and listeners hold, in
//! bytes and blocks of memory.
//!
//! Nothing here is timed, so a busy machine changes no figure. Instructions are counted by
//! callgrind, each case in a process of its own; memory is counted by the allocator.

mod allocator;
mod case;
mod cycle;
mod figure;
mod instructions;
mod memory;

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;

use allocator::Counting;

#[global_allocator]
static MEMORY: Counting = Counting::new();

/// Prints tables as Markdown
#[derive(Parser)]
struct Args {
    /// Tables of an earlier run, to print their figures beside those of this one
    #[arg(long)]
    before: Option<PathBuf>,
    /// Only run the cycles of one case, for a program that counts instructions
    #[arg(long, hide = true)]
    cycles_of: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    if let Some(name) = &args.cycles_of {
        cycle::run(name);
        return Ok(());
    }
    let before = args.before.map(fs::read_to_string).transpose()?;
    let table = |title, figures: &[_]| figure::table(title, figures, before.as_deref());
    println!(
        "## Instructions\n\n\
         How many it takes to publish an event of 100 bytes and to read it, once everything that grows \
         has grown. A batch has 100 lines of JSON, and its figures are for each line; a crowd has 1,000 \
         listeners, and its figures are for each of them. A history is full with 1,000 events. \
         Callgrind counts: a second run gives the same figures, another compiler or another kind of \
         processor does not.\n\n{}",
        table("instructions", &instructions::count()?),
    );
    println!(
        "## Memory\n\n\
         What each of 10,000 channels or listeners adds to that of a first one. Every listener has \
         read all there is, and what its connection's task holds of the hub is counted. An event has \
         100 bytes; where none is named, nothing was published.\n\n{}",
        table("memory", &memory::count(&MEMORY)),
    );
    Ok(())
}
