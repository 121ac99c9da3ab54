use std::thread;

use crate::{
    process::{self, Outcome},
    schedules, setup, tidy,
    workspace::Workspace,
};

/// Cargo runs the examples of the documentation too, and the other tests though one fails. Most tests wait for
/// something most of the time, so more of them run at once than there are processors.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    setup::run(workspace)?;
    let threads = thread::available_parallelism()?.get() * 2;
    let all = ["--workspace", "--all-features", "--no-fail-fast"];
    let threads = threads.to_string();
    process::run(workspace.cargo("test").args(all).env("RUST_TEST_THREADS", threads))?;
    schedules::run(workspace)?;
    tidy::run(workspace)
}
