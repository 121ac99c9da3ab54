use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// What makes a Debian package. Says where it is.
pub(super) fn run(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.target().join("cargo-deb");
    let program = folder.join("bin").join(NAME);
    if is_wanted(&program) {
        println!("setup: {NAME} {VERSION} runs; nothing to install");
        return Ok(program);
    }
    let mut cargo = workspace.cargo("install");
    cargo.args([NAME, "--version", VERSION, "--locked", "--root"]).arg(&folder);
    // Without what reads the symbols of programs, which are left out.
    process::run(cargo.args(["--no-default-features", "--features", "lzma"]))?;
    if is_wanted(&program) {
        Ok(program)
    } else {
        Err(format!("`{NAME}` {VERSION} does not run").into())
    }
}

fn is_wanted(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii().ends_with(VERSION.as_bytes()))
}

const NAME: &str = "cargo-deb";
const VERSION: &str = "3.8.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_or_program_is_not_taken() {
        assert!(!is_wanted(Path::new("cargo")));
        assert!(!is_wanted(Path::new("no-such-program")));
    }
}
