use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many checks run at the same time
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Only rows whose name contains this; then nothing is written
    #[arg(long)]
    only: Option<String>,
}

/// Installs the clients, runs each through every scenario, and keeps the table.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    setup::clients()?;
    let programs = install(workspace)?;
    let found = check(workspace, args, "clients", "--programs", &programs)?;
    found.keep("cargo xtask interop", &workspace.path("interop/CLIENTS.md"))
}

/// Lays the programs of the clients beside what they are made of, where nothing is committed.
fn install(workspace: &Workspace) -> Outcome<PathBuf> {
    let programs = workspace.target().join("interop-clients");
    fs::create_dir_all(&programs)?;
    for entry in fs::read_dir(workspace.path("interop/clients"))? {
        let entry = entry?;
        fs::copy(entry.path(), programs.join(entry.file_name()))?;
    }
    process::run(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&programs),
    )?;
    let python = programs.join("venv/bin/python");
    if !python.exists() {
        process::run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&programs))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"];
    process::run(Command::new(python).args(install).current_dir(&programs))?;
    Ok(programs)
}

/// What the harness says, and whether all is well.
pub(crate) struct Found {
    text: String,
    is_part: bool,
    fault: Option<String>,
}

/// Builds the server and the harness, and runs that on `peers`.
pub(crate) fn check(
    workspace: &Workspace,
    args: &Args,
    peers: &str,
    option: &str,
    folder: &Path,
) -> Outcome<Found> {
    let target = workspace.target();
    let server = ["--package", "sse-cli", "--bins", "--target-dir"];
    process::run(workspace.cargo("build").args(server).arg(&target))?;
    // A workspace of its own must not rebuild the dependencies of this one.
    let own = target.join("interop");
    let harness = ["--locked", "--manifest-path", "interop/Cargo.toml", "--target-dir"];
    process::run(workspace.cargo("build").args(harness).arg(&own))?;

    let mut command = Command::new(own.join("debug/interop"));
    command.arg("--server").arg(target.join("debug/eventsource-server"));
    command.arg("--jobs").arg(args.jobs.to_string());
    command.args(args.only.iter().flat_map(|only| ["--only", only]));
    command.args([peers, option]).arg(folder);
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    print!("{text}");
    let fault = (!output.status.success()).then(|| format!("the checks failed: {}", output.status));
    Ok(Found { text, is_part: args.only.is_some(), fault })
}

impl Found {
    /// Writes it down, also where something failed: it says what. A part of it stays where it was
    /// printed.
    pub(crate) fn keep(self, command: &str, file: &Path) -> Outcome {
        if !self.is_part && !self.text.is_empty() {
            let date = process::read(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
            fs::write(file, page(command, date.trim(), &self.text))?;
        }
        self.fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}

fn page(command: &str, date: &str, text: &str) -> String {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("{title}\n\n`{command}` wrote this on {date}.\n{}\n", rest.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_below_its_title_what_wrote_it() {
        let page = page("cargo xtask interop", "2026-01-02", "# Clients\n\n| a |\n\n");
        let line = "`cargo xtask interop` wrote this on 2026-01-02.";
        assert_eq!(page, format!("# Clients\n\n{line}\n\n| a |\n"));
    }
}
