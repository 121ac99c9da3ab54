use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

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

/// The same, and no service that comes with one of them is started.
pub(super) fn install_without_services(packages: &[&str]) -> Outcome {
    let _policy = if is_root() { NoServices::at(Path::new(POLICY))? } else { NoServices(None) };
    install(packages)
}

/// What Debian asks before it starts a service, while this lives; what was there before stays.
struct NoServices(Option<PathBuf>);

impl NoServices {
    fn at(path: &Path) -> Outcome<Self> {
        let file = fs::File::options().write(true).create_new(true).mode(0o755).open(path);
        match file {
            Ok(mut file) => {
                let policy = Self(Some(path.to_owned()));
                // 101: the action is not allowed.
                file.write_all(b"#!/bin/sh\nexit 101\n")?;
                Ok(policy)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self(None)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _gone = fs::remove_file(path);
        }
    }
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

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

    #[test]
    fn services_are_not_started_while_packages_are_installed() {
        let path = std::env::temp_dir().join(format!("policy-rc.d-{}", std::process::id()));

        let policy = NoServices::at(&path).unwrap();
        let status = Command::new(&path).args(["nginx", "start"]).status().unwrap();
        let second = NoServices::at(&path).unwrap();
        drop(second);
        let stays = path.exists();
        drop(policy);

        assert_eq!((status.code(), stays, path.exists()), (Some(101), true, false));
    }
}
