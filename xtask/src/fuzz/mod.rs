mod seeds;

use std::{fs, path::PathBuf, process::Command};

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
    /// Any text of a configuration file is refused with its line or means what the same arguments do
    Config,
    /// Any bytes against the naive decoder, at any cuts
    Decode,
    /// Headers of proxies against a naive reader, and with anything on their left
    Forwarded,
    /// Any claims of a token grant what they say, or nothing
    Grant,
    /// Any text is a token only if it was signed
    Jwt,
    /// Limits are passed at the same byte at any cut, and memory stays near them
    Limits,
    /// Any text is a pattern of tokens as the rule says
    Pattern,
    /// Events come back as they were, and nothing else does
    RoundTrip,
    /// Any text is a ticket only if it was issued
    Ticket,
}

impl Target {
    /// The options in front of a stream, in the order in which the target reads them, or `None`
    /// where its input holds no stream.
    fn options(self) -> Option<&'static [u8]> {
        match self {
            // With comments, no id, four lengths, and all of the rest in the first stream.
            Self::Decode => Some(&[1, 0, 0, 4, 11, 22, 255]),
            // With comments, what is too long dropped, five limits, and four lengths.
            Self::Limits => Some(&[1, 1, 64, 64, 8, 16, 16, 0, 4, 11, 22]),
            Self::Config | Self::Forwarded | Self::Grant | Self::Jwt => None,
            Self::Pattern | Self::RoundTrip | Self::Ticket => None,
        }
    }

    /// The words of its input.
    fn dictionary(self) -> &'static str {
        match self {
            Self::Config => "config.dict",
            Self::Decode | Self::Forwarded | Self::Limits | Self::RoundTrip => "sse.dict",
            Self::Grant | Self::Jwt | Self::Pattern | Self::Ticket => "access.dict",
        }
    }
}

/// Runs cargo-fuzz on the nightly toolchain, with libFuzzer's figures at the end.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    install(workspace)?;
    let target = args.target.to_possible_value().ok_or("a target without a name")?;
    let corpus = format!("corpus/{}", target.get_name());
    fs::create_dir_all(workspace.path("fuzz").join(&corpus))?;
    let mut run = cargo_fuzz(workspace, "run");
    run.args([target.get_name(), &corpus]);
    if let Some(options) = args.target.options() {
        run.arg(write_seeds(workspace, target.get_name(), options)?);
    }
    run.args(["--", "-max_len=1024", "-print_final_stats=1"]);
    run.arg(format!("-dict={}", args.target.dictionary()));
    process::run(run.arg(format!("-max_total_time={}", args.seconds)))?;
    if args.minimise {
        let by_edges = ["--", "-use_counters=0"];
        process::run(
            cargo_fuzz(workspace, "cmin").args([target.get_name(), &corpus]).args(by_edges),
        )?;
    }
    Ok(())
}

/// Writes the conformance vectors as inputs that are read beside the corpus.
fn write_seeds(workspace: &Workspace, target: &str, options: &[u8]) -> Outcome<PathBuf> {
    let folder = workspace.target().join("fuzz-seeds").join(target);
    fs::create_dir_all(&folder)?;
    for (index, stream) in seeds::streams(workspace)?.iter().enumerate() {
        fs::write(folder.join(index.to_string()), [options, stream].concat())?;
    }
    Ok(folder)
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
