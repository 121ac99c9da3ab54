mod apt;
mod browser;
mod compiler;
mod nginx;

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
