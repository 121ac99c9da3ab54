use crate::{
    process::{self, Outcome},
    schedules, setup, tidy,
    workspace::Workspace,
};

/// Cargo runs the examples of the documentation too, and the other tests though one fails.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    setup::run(workspace)?;
    process::run(workspace.cargo("test").args([
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]))?;
    schedules::run(workspace)?;
    tidy::run(workspace)
}
