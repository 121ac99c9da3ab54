use crate::{
    interop::{self, Args},
    process::Outcome,
    setup,
    workspace::Workspace,
};

/// Installs the proxies, runs every check behind each, and keeps the table.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    setup::proxies()?;
    let templates = workspace.path("interop/proxies");
    let found = interop::check(workspace, args, "proxies", "--templates", &templates)?;
    found.keep("cargo xtask proxies", &workspace.path("interop/PROXIES.md"))
}
