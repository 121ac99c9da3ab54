use std::path::PathBuf;

use crate::{
    dist,
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Profile of the build; `dev` is quick where the tests were built, and the programs are slow
    #[arg(long, default_value = "release")]
    profile: String,
}

/// Makes the package, and says where it is.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome<PathBuf> {
    let program = setup::cargo_deb(workspace)?;
    dist::run(workspace)?;
    let package = workspace.target().join("debian").join("eventsource-server.deb");
    let mut command = std::process::Command::new(program);
    command.args(["--package", "sse-cli", "--profile", &args.profile, "--output"]).arg(&package);
    process::run(command.current_dir(workspace.root()))?;
    Ok(package)
}
