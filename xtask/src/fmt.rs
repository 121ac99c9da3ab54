use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Changes nothing and fails if something would change
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    let mut cargo = workspace.cargo("fmt");
    cargo.arg("--all");
    if args.check {
        cargo.arg("--check");
    }
    process::run(&mut cargo)
}
