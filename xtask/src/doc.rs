use std::iter;

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// Builds the documentation of all members, then that of each with none of its features and with each one
/// alone, where a link to what another feature brings is broken.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let document = |args: &[&str]| {
        let mut cargo = workspace.cargo("doc");
        process::run(cargo.arg("--no-deps").args(args).env("RUSTDOCFLAGS", "-Dwarnings"))
    };
    document(&["--workspace"])?;
    for manifest in workspace.members()? {
        let features = manifest.features();
        if features.is_empty() {
            continue;
        }
        let package = manifest.package();
        for feature in iter::once("").chain(features) {
            let alone = ["--no-default-features", "--features", feature];
            document(&[&["--package", package, "--lib"], &alone[..]].concat())?;
        }
        document(&["--package", package, "--lib", "--all-features"])?;
    }
    Ok(())
}
