use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let args = ["--workspace", "--all-features", "--all-targets", "--", "-D", "warnings"];
    process::run(workspace.cargo("clippy").args(args))
}
