use std::{path::Path, process::Command};

use crate::{
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

/// Checks what `deny.toml` says of the dependencies: licences, bans and sources by the lock file alone,
/// advisories where their database can be had.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let program = setup::cargo_deny(workspace)?;
    process::run(&mut check(workspace, &program, &["bans", "licenses", "sources"]))?;
    let database = deny(workspace, &program, &["fetch", "db"]).output()?;
    if !database.status.success() {
        println!("deny: the advisories are left out: their database cannot be fetched");
        return Ok(());
    }
    process::run(&mut check(workspace, &program, &["advisories"]))
}

fn check(workspace: &Workspace, program: &Path, what: &[&str]) -> Command {
    let mut command = deny(workspace, program, &["check", "--hide-inclusion-graph"]);
    command.args(what);
    command
}

fn deny(workspace: &Workspace, program: &Path, verb: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg("--locked").args(verb).current_dir(workspace.root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the client decodes, and what the benchmark shows.
    const ELSEWHERE: [&str; 5] =
        ["brotli-decompressor", "flate2", "hdrhistogram", "indicatif", "zstd"];

    #[test]
    fn the_server_alone_is_built_without_what_only_the_other_commands_need() {
        let mut tree = Workspace::find().unwrap().cargo("tree");
        tree.args(["--package", "sse-cli", "--no-default-features", "--features", "server"])
            .args(["--edges", "normal", "--prefix", "none"]);
        let tree = process::read(&mut tree).unwrap();
        let crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();

        assert!(crates.contains(&"sse-hyper") && crates.contains(&"rustls"), "{crates:?}");
        let only_elsewhere = |name: &&&str| ELSEWHERE.contains(name);
        assert_eq!(crates.iter().find(only_elsewhere), None);
    }
}
