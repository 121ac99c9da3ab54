//! Every chore of the workspace: `cargo xtask --help`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to its user")]

mod bench;
mod ci;
mod deb;
mod deny;
mod dist;
mod doc;
mod faults;
mod features;
mod fmt;
mod fuzz;
mod interop;
mod lint;
mod manifest;
mod metrics;
mod notices;
mod package_test;
mod process;
mod proxies;
mod schedules;
mod setup;
mod side;
mod simulate;
mod test;
mod tidy;
mod vectors;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use process::Outcome;
use workspace::Workspace;

/// Every chore of the workspace
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measures against a reference and writes RESULTS.md beside the benchmark
    Bench(bench::Args),
    /// All that must pass before a change goes in: fmt --check, deny, lint, doc, side, test
    Ci,
    /// Makes a Debian package of the commands in target/debian
    Deb(deb::Args),
    /// Checks licences, bans, sources and, where their database can be had, advisories of the dependencies
    Deny,
    /// Lays what is installed beside the commands below target/dist: pages, completions, units, settings
    Dist,
    /// Builds the documentation of the workspace; a warning fails it
    Doc,
    /// Lets Redis, nodes and the ways between them fail again and again
    Faults(faults::Args),
    /// Checks every combination of the features of every crate
    Features,
    /// Formats all sources
    Fmt(fmt::Args),
    /// Runs a fuzz target, which needs the nightly toolchain
    Fuzz(fuzz::Args),
    /// Runs clients from npm, PyPI and Debian against the server and writes interop/CLIENTS.md
    Interop(interop::Args),
    /// Runs clippy over all targets; a warning fails it
    Lint,
    /// Compares what /metrics says with a load of known size, by Prometheus' own parser, and writes interop/METRICS.md
    Metrics(interop::Args),
    /// Makes the package, checks its parts, and installs, upgrades and removes it in a folder
    PackageTest(deb::Args),
    /// Runs proxies from Debian in front of the server and writes docs/proxies/RESULTS.md and interop/PROXIES.md
    Proxies(proxies::Args),
    /// Runs the hub's wake-ups under schedules that a checker draws
    Schedules,
    /// Installs what the tests and `deny` need
    Setup,
    /// Compiles the workspaces beside this one, with their lock files as they are
    Side,
    /// Runs the simulation of the hub for longer than the tests do
    Simulate(simulate::Args),
    /// Runs setup, then all tests with the examples of the documentation, then schedules and tidy
    Test,
    /// Proves the rules of the house that a compiler does not know
    Tidy,
    /// Lists the conformance vectors of the wire format
    Vectors(vectors::Args),
}

fn main() -> ExitCode {
    match run(&Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: &Verb) -> Outcome {
    let workspace = Workspace::find()?;
    match verb {
        Verb::Bench(args) => bench::run(&workspace, args),
        Verb::Ci => ci::run(&workspace),
        Verb::Deb(args) => deb::run(&workspace, args).map(|_package| ()),
        Verb::Deny => deny::run(&workspace),
        Verb::Dist => dist::run(&workspace).map(|_folder| ()),
        Verb::Doc => doc::run(&workspace),
        Verb::Faults(args) => faults::run(&workspace, args),
        Verb::Features => features::run(&workspace),
        Verb::Fmt(args) => fmt::run(&workspace, args),
        Verb::Fuzz(args) => fuzz::run(&workspace, args),
        Verb::Interop(args) => interop::run(&workspace, args),
        Verb::Lint => lint::run(&workspace),
        Verb::Metrics(args) => metrics::run(&workspace, args),
        Verb::PackageTest(args) => package_test::run(&workspace, args),
        Verb::Proxies(args) => proxies::run(&workspace, args),
        Verb::Schedules => schedules::run(&workspace),
        Verb::Setup => setup::run(&workspace),
        Verb::Side => side::run(&workspace),
        Verb::Simulate(args) => simulate::run(&workspace, args),
        Verb::Test => test::run(&workspace),
        Verb::Tidy => tidy::run(&workspace),
        Verb::Vectors(args) => vectors::run(&workspace, args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_verbs_and_their_options_do_not_collide() {
        Cli::command().debug_assert();
    }
}
