mod apt;
mod browser;
mod compiler;

use crate::process::Outcome;

/// Installs what the tests need beyond Rust.
pub(crate) fn run() -> Outcome {
    compiler::run()?;
    browser::run()
}
