use std::{fs, process::Command};

use clap::ValueEnum;

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is fuzzed
    target: Target,
    /// For how long, in seconds
    seconds: u64,
    /// Afterwards keeps only the inputs that add to the coverage
    #[arg(long)]
    minimise: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Target {
    /// Any bytes against the naive decoder, at any cuts
    Decode,
    /// Limits are passed at the same byte at any cut, and memory stays near them
    Limits,
    /// Events come back as they were, and nothing else does
    RoundTrip,
}

/// Runs cargo-fuzz on the nightly toolchain, with libFuzzer's figures at the end.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    install(workspace)?;
    let target = args.target.to_possible_value().ok_or("a target without a name")?;
    let corpus = format!("corpus/{}", target.get_name());
    fs::create_dir_all(workspace.path("fuzz").join(&corpus))?;
    process::run(
        cargo_fuzz(workspace, "run")
            .args([target.get_name(), &corpus, "--"])
            .args(["-dict=sse.dict", "-max_len=1024", "-print_final_stats=1"])
            .arg(format!("-max_total_time={}", args.seconds)),
    )?;
    if args.minimise {
        process::run(cargo_fuzz(workspace, "cmin").args([target.get_name(), &corpus]))?;
    }
    Ok(())
}

fn install(workspace: &Workspace) -> Outcome {
    if process::read(workspace.cargo("fuzz").arg("--version")).is_ok() {
        return Ok(());
    }
    println!("fuzz: installing cargo-fuzz");
    process::run(workspace.cargo("install").args(["--locked", "cargo-fuzz"]))
}

/// Through rustup, as the sanitizers are in no stable toolchain.
fn cargo_fuzz(workspace: &Workspace, verb: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", verb]).current_dir(workspace.path("fuzz"));
    command
}
