use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Runs the hub's wake-ups under schedules that shuttle draws, in a build of its own.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut test = workspace.cargo("test");
    test.args(["--package", "sse-core", "--test", "schedules", "--release", "--target-dir"]);
    test.arg(workspace.target().join("shuttle")).env("RUSTFLAGS", "--cfg shuttle");
    // It runs for seconds, and would be built for minutes.
    test.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run(&mut test)
}
