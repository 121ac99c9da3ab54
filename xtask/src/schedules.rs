use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Runs the hub's wake-ups under schedules that shuttle draws, in a build of its own.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut test = workspace.cargo("test");
    test.args(["--package", "sse-core", "--test", "schedules", "--release", "--target-dir"]);
    test.arg(workspace.target().join("shuttle")).env("RUSTFLAGS", "--cfg shuttle");
    process::run(&mut test)
}
