mod apt;
mod browser;
mod compiler;
mod nginx;
mod peers;

use crate::process::Outcome;

/// Installs what the tests need beyond Rust.
pub(crate) fn run() -> Outcome {
    compiler::run()?;
    browser::run()
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
