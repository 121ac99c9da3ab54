use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds to run, 2,000 steps each
    #[arg(long, default_value_t = 10_000, conflicts_with = "seed")]
    seeds: u64,
    /// The one seed to run
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the simulation of the hub for longer than the tests do.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    let mut test = workspace.cargo("test");
    test.args(["--package", "sse-core", "--test", "simulate", "--release", "--", "--nocapture"]);
    match args.seed {
        Some(seed) => test.env("SEED", seed.to_string()),
        None => test.env("SEEDS", args.seeds.to_string()),
    };
    process::run(&mut test)
}
