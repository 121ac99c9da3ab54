mod apt;
mod cargo_deb;
mod cargo_deny;
mod compiler;
mod nginx;
mod packages;
mod peers;
mod programs;

use std::path::PathBuf;

use crate::{process::Outcome, workspace::Workspace};

/// Installs what the tests and the other checks need beyond Rust.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    compiler::run()?;
    programs::run()?;
    cargo_deny(workspace).map(|_program| ())
}

/// Installs what checks the dependencies, and says where it is.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Outcome<PathBuf> {
    cargo_deny::run(workspace)
}

/// Installs what the benchmark of fan-out compares with.
pub(crate) fn nchan() -> Outcome {
    nginx::run()
}

/// Installs the clients that the server is checked with, and what runs those that are libraries.
pub(crate) fn clients() -> Outcome {
    peers::clients()
}

/// Installs the proxies that the server is checked behind.
pub(crate) fn proxies() -> Outcome {
    peers::proxies()
}

/// Installs what reads the figures of the server as Prometheus does.
pub(crate) fn prometheus() -> Outcome {
    peers::prometheus()
}

/// Installs what makes a Debian package, and says where it is.
pub(crate) fn cargo_deb(workspace: &Workspace) -> Outcome<PathBuf> {
    cargo_deb::run(workspace)
}

/// Installs what the parts of a Debian package are checked with.
pub(crate) fn packages() -> Outcome {
    packages::run()
}
