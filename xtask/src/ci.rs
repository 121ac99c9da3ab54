use crate::{deny, doc, fmt, lint, process::Outcome, side, test, workspace::Workspace};

/// Cheapest first. `test` includes the examples of the documentation and `tidy`.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    fmt::run(workspace, &fmt::Args { check: true })?;
    deny::run(workspace)?;
    lint::run(workspace)?;
    doc::run(workspace)?;
    side::run(workspace)?;
    test::run(workspace)
}
