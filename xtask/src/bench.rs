use std::{
    fmt::Write,
    fs,
    process::{Command, Stdio},
    thread,
};

use clap::ValueEnum;

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which benchmark
    name: Name,
    /// Passed on to the benchmark: `-- --help` lists what it takes
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// eventsource-server beside axum's `Sse` over `tokio::sync::broadcast`
    Server,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    match args.name {
        Name::Server => server(workspace, &args.args),
    }
}

/// Builds both servers and the load, and keeps the table that the load prints.
fn server(workspace: &Workspace, args: &[String]) -> Outcome {
    let target = workspace.target();
    let build = ["--release", "--package", "sse-cli", "--bin", "eventsource-server"];
    process::run(workspace.cargo("build").args(build).arg("--target-dir").arg(&target))?;

    // A workspace of its own must not rebuild the dependencies of this one.
    let theirs = target.join("bench-server");
    let build = ["--release", "--locked", "--manifest-path", "benches/server/Cargo.toml"];
    process::run(workspace.cargo("build").args(build).arg("--target-dir").arg(&theirs))?;

    let release = theirs.join("release");
    let mut bench = Command::new(release.join("bench-server"));
    bench.arg("--server").arg(target.join("release/eventsource-server"));
    bench.arg("--reference").arg(release.join("reference")).args(args);
    let output = bench.stderr(Stdio::inherit()).output()?;
    let table = String::from_utf8(output.stdout)?;
    print!("{table}");
    // A run that was too slow fails and has its table all the same; `--help` has none.
    if table.starts_with('|') {
        let command = command_line("server", args);
        let machine = Machine::read()?;
        fs::write(
            workspace.path("benches/server/RESULTS.md"),
            results(&command, &machine, &table),
        )?;
    }
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("bench-server failed: {}", output.status).into())
    }
}

fn command_line(name: &str, args: &[String]) -> String {
    let mut line = format!("cargo xtask bench {name}");
    if !args.is_empty() {
        line.push_str(" --");
    }
    for arg in args {
        line.push(' ');
        line.push_str(arg);
    }
    line
}

struct Machine {
    date: String,
    processors: usize,
    model: String,
}

impl Machine {
    fn read() -> Outcome<Self> {
        let date = process::read(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
        let processors = thread::available_parallelism()?.get();
        let model = model(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default());
        Ok(Self { date: date.trim().to_owned(), processors, model })
    }
}

fn model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(": ")).map(|(_, model)| model.trim());
    model.unwrap_or("unknown").to_owned()
}

fn results(command: &str, machine: &Machine, table: &str) -> String {
    let Machine { date, processors, model } = machine;
    let mut text = String::from("# Results\n\n");
    let _infallible = write!(
        text,
        "`{command}` wrote this on {date}, on a machine with {processors} processors ({model}).\n\n"
    );
    text.push_str(table.trim_end());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_name_the_command_the_date_and_the_machine() {
        let command = command_line("server", &["--runs".to_owned(), "3".to_owned()]);
        let machine =
            Machine { date: "2026-01-02".to_owned(), processors: 2, model: "Some CPU".to_owned() };
        let text = results(&command, &machine, "| a |\n|---|\n\n");
        let line = "`cargo xtask bench server -- --runs 3` wrote this on 2026-01-02, on a machine \
                    with 2 processors (Some CPU).";
        assert_eq!(text, format!("# Results\n\n{line}\n\n| a |\n|---|\n"));
    }

    #[test]
    fn the_model_is_the_first_of_the_processors() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Some CPU\nmodel name\t: B\n"), "Some CPU");
        assert_eq!(model(""), "unknown");
    }
}
