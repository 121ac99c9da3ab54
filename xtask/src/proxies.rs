use crate::{interop, process::Outcome, setup, workspace::Workspace};

#[derive(clap::Args)]
// Two groups of one name cannot be told apart.
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    checks: interop::Args,
    /// Only the configurations of docs/proxies
    #[arg(long)]
    guide: bool,
}

/// Installs the proxies, runs every check behind each, and keeps the tables: of the configurations
/// that the guide tells to use, and of templates with all that may trouble a stream.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    setup::proxies()?;
    let guide = workspace.path("docs/proxies");
    let found = interop::check(workspace, &args.checks, "guide", "--guide", &guide)?;
    let kept = found.keep("cargo xtask proxies", &guide.join("RESULTS.md"));
    if !args.guide {
        let templates = workspace.path("interop/proxies");
        let found = interop::check(workspace, &args.checks, "proxies", "--templates", &templates)?;
        found.keep("cargo xtask proxies", &workspace.path("interop/PROXIES.md"))?;
    }
    kept
}
