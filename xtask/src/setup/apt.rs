use std::process::{Command, Stdio};

use crate::process::{self, Outcome};

/// Installs `packages`; an error if it is not root who asks, or the system has no `apt-get`.
pub(super) fn install(packages: &[&str]) -> Outcome {
    if !is_root() || !runs("apt-get") {
        return Err("only root can install packages, on a system with `apt-get`".into());
    }
    process::run(Command::new("apt-get").arg("update"))?;
    process::run(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Whether `program` is there and says its version.
pub(super) fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    let status = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_does_not_run() {
        assert!(!runs("no-such-program"));
    }

    #[test]
    fn a_program_that_fails_does_not_run() {
        assert!(!runs("false"));
    }
}
