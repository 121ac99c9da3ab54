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
