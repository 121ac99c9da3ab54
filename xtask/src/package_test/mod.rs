//! Checks of the Debian package, all in folders below `target/package-test`: nothing is installed on this system.

mod install;
mod pages;
mod root;
mod socket;
mod units;

use std::process::Command;

use crate::{
    deb,
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};
use root::Root;

/// Makes the package and checks what can be checked of it without a service manager that runs.
pub(crate) fn run(workspace: &Workspace, args: &deb::Args) -> Outcome {
    setup::packages()?;
    let package = deb::run(workspace, args)?;
    process::run(Command::new("lintian").args(["--fail-on", "error"]).arg(&package))?;

    let folder = workspace.target().join("package-test");
    let root = Root::new(&folder.join("root"))?;
    root.dpkg("--install", &package)?;
    pages::check(&root)?;
    units::check(&root, &folder.join("units"))?;
    socket::check(&root)?;
    install::check(&root, &package, &folder.join("next"))?;
    println!("package-test: {} is in order", package.display());
    Ok(())
}

/// An error that says what was expected, unless it `holds`.
fn expect(holds: bool, what: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(what.into().into()) }
}

/// The commands of the package.
const COMMANDS: [&str; 5] = [
    "eventsource-bench",
    "eventsource-client",
    "eventsource-request",
    "eventsource-server",
    "eventsource-token",
];
