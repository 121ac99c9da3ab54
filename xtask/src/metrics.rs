use crate::{interop, process::Outcome, setup, workspace::Workspace};

/// Installs the parser of Prometheus, does so much of everything to a server, and keeps the table of what it says of
/// that.
pub(crate) fn run(workspace: &Workspace, args: &interop::Args) -> Outcome {
    setup::prometheus()?;
    let bench = workspace.target().join("debug/eventsource-bench");
    let found = interop::check(workspace, args, "metrics", "--bench", &bench)?;
    found.keep("cargo xtask metrics", &workspace.path("interop/METRICS.md"))
}
