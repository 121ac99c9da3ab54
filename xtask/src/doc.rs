use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let args = ["--workspace", "--no-deps"];
    process::run(workspace.cargo("doc").args(args).env("RUSTDOCFLAGS", "-Dwarnings"))
}
