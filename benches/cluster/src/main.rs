//! What it costs that many nodes keep their histories in Redis.
//!
//! Times differ from machine to machine and from minute to minute, so what counts are ratios: each contestant has its
//! turn in each round, beside the `redis` crate alone or the hub without a store, and the median of the rounds is
//! printed.

mod bare;
mod channels;
mod child;
mod crowd;
mod delivery;
mod flight;
mod herd;
mod node;
mod publish;
mod ratio;
mod served;
mod stats;

use std::{error::Error, fs};

use clap::{Parser, Subcommand};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Prints tables as Markdown
#[derive(Parser)]
struct Args {
    /// Fails if what must be reached is not
    #[arg(long)]
    check: bool,
    /// One part alone; default: all of them
    #[command(subcommand)]
    part: Option<Part>,
    /// How often each contestant has its turn
    #[arg(long, global = true, default_value_t = 7)]
    rounds: usize,
}

#[derive(Subcommand)]
enum Part {
    /// Publications through a hub, beside the same script in a bare loop
    Publish,
    /// From a publication at one node to its delivery at another
    Delivery,
    /// A crowd of listeners at a node that does not publish
    Crowd,
    /// A node with very many channels
    Channels {
        /// How many
        #[arg(long, default_value_t = channels::MANY)]
        channels: usize,
    },
    /// Clients who all come back at once, at the other node
    Herd,
    /// A node of `crowd`, in a process of its own
    #[command(hide = true)]
    CrowdNode(served::Args),
    /// A node of `channels`, in a process of its own
    #[command(hide = true)]
    ChannelsNode(channels::Args),
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let rounds = args.rounds;
    let reached = match args.part {
        None => all(rounds).await?,
        Some(Part::Publish) => publish::run(rounds).await?,
        Some(Part::Delivery) => delivery::run(rounds.min(5)).await?,
        Some(Part::Crowd) => crowd::run(rounds.min(5)).await?,
        Some(Part::Channels { channels }) => channels::run(channels)?,
        Some(Part::Herd) => herd::run(rounds.min(3)).await?,
        Some(Part::CrowdNode(args)) => return child::alone(move || served::run(args)),
        Some(Part::ChannelsNode(args)) => return child::alone(move || channels::serve(args)),
    };
    if args.check && !reached {
        return Err("not all is as it must be".into());
    }
    Ok(())
}

async fn all(rounds: usize) -> Result<bool> {
    // A busy machine makes all figures worse, and ratios less certain.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    println!("# Many nodes over Redis\n\nThe load average was {load} when this began.\n");
    let reached = [
        publish::run(rounds).await?,
        delivery::run(rounds.min(5)).await?,
        crowd::run(rounds.min(5)).await?,
        channels::run(channels::MANY)?,
        herd::run(rounds.min(3)).await?,
    ];
    Ok(reached.into_iter().all(|reached| reached))
}
