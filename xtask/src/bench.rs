use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use clap::ValueEnum;

use crate::{
    process::{self, Outcome},
    setup,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which benchmark
    name: Name,
    /// Fails if what must be reached is not
    #[arg(long)]
    check: bool,
    /// Passed on to the benchmark: `-- --help` lists what it takes
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// What access by tokens costs eventsource-server, beside the same server without
    Access,
    /// Each adapter's `Sse` beside its framework's own
    Adapters,
    /// The client beside others, in known scenarios and in events a second
    Clients,
    /// What it costs that many nodes keep their histories in Redis, beside the `redis` crate and a
    /// hub alone
    Cluster,
    /// The decoder and the encoder beside those of other crates
    Decode,
    /// What it costs to keep histories on disk, beside a bare log
    Durable,
    /// A crowd on eventsource-server beside a bare loop of sends, axum's `Sse` over
    /// `tokio::sync::broadcast` and nchan
    Fanout,
    /// What a publication costs in the hub, and what its channels and listeners hold
    Hub,
    /// Whether the time of a refusal tells which names are in a password file
    Password,
    /// eventsource-server beside axum's `Sse` over `tokio::sync::broadcast`
    Server,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Outcome {
    let mut passed_on = args.args.clone();
    if args.check {
        passed_on.insert(0, "--check".to_owned());
    }
    match args.name {
        Name::Access => with_commands(workspace, "access", &passed_on),
        Name::Adapters => plotted(workspace, "adapters", "adapters", "gain.svg", &passed_on),
        Name::Clients => tables(workspace, "clients", &passed_on),
        Name::Cluster => tables(workspace, "cluster", &passed_on),
        Name::Decode => plotted(workspace, "decode", "peers", "throughput.svg", &passed_on),
        Name::Durable => with_commands(workspace, "durable", &passed_on),
        Name::Fanout => fanout(workspace, &passed_on),
        Name::Hub => tables(workspace, "hub", &passed_on),
        Name::Password => tables(workspace, "password", &passed_on),
        Name::Server => server(workspace, &passed_on),
    }
}

/// Builds both servers and the load, and keeps the table that the load prints.
fn server(workspace: &Workspace, args: &[String]) -> Outcome {
    let commands = build_commands(workspace)?;
    let release = build_workspace(workspace, "server")?;
    let mut bench = Command::new(release.join("bench-server"));
    bench.arg("--server").arg(commands.join("eventsource-server"));
    bench.arg("--reference").arg(release.join("reference")).args(args);
    run_and_keep(workspace, "server", "server", bench, args)
}

/// The commands against themselves.
fn with_commands(workspace: &Workspace, name: &str, args: &[String]) -> Outcome {
    let commands = build_commands(workspace)?;
    let release = build_workspace(workspace, name)?;
    let mut bench = Command::new(release.join(format!("bench-{name}")));
    bench.arg("--commands").arg(commands).args(args);
    run_and_keep(workspace, name, name, bench, args)
}

/// The same reference, the bare loop, and nginx, which is installed if it is missing.
fn fanout(workspace: &Workspace, args: &[String]) -> Outcome {
    setup::nchan()?;
    let commands = build_commands(workspace)?;
    let reference = build_workspace(workspace, "server")?;
    let release = build_workspace(workspace, "fanout")?;
    let mut bench = Command::new(release.join("bench-fanout"));
    bench.arg("--bare").arg(release.join("bare"));
    bench.arg("--server").arg(commands.join("eventsource-server"));
    bench.arg("--load").arg(commands.join("eventsource-bench"));
    bench.arg("--reference").arg(reference.join("reference"));
    bench.arg("--plot").arg(workspace.path("benches/fanout/fanout.svg")).args(args);
    run_and_keep(workspace, "fanout", "fanout", bench, args)
}

/// The commands, as users build them; returns where they are.
fn build_commands(workspace: &Workspace) -> Outcome<PathBuf> {
    let target = workspace.target();
    let build = ["--release", "--package", "sse-cli", "--bins"];
    process::run(workspace.cargo("build").args(build).arg("--target-dir").arg(&target))?;
    Ok(target.join("release"))
}

/// Keeps the tables of a benchmark that needs nothing else.
fn tables(workspace: &Workspace, name: &str, args: &[String]) -> Outcome {
    let release = build_workspace(workspace, name)?;
    let mut bench = Command::new(release.join(format!("bench-{name}")));
    bench.args(args);
    run_and_keep(workspace, name, name, bench, args)
}

/// Keeps a plot too.
fn plotted(
    workspace: &Workspace,
    name: &str,
    folder: &str,
    plot: &str,
    args: &[String],
) -> Outcome {
    let release = build_workspace(workspace, folder)?;
    let mut bench = Command::new(release.join(format!("bench-{folder}")));
    bench.arg("--plot").arg(workspace.path(&format!("benches/{folder}/{plot}"))).args(args);
    run_and_keep(workspace, name, folder, bench, args)
}

/// A workspace of its own must not rebuild the dependencies of this one.
fn build_workspace(workspace: &Workspace, folder: &str) -> Outcome<PathBuf> {
    let target = workspace.target().join(format!("bench-{folder}"));
    let manifest = format!("benches/{folder}/Cargo.toml");
    let build = ["--release", "--locked", "--manifest-path", &manifest];
    process::run(workspace.cargo("build").args(build).arg("--target-dir").arg(&target))?;
    Ok(target.join("release"))
}

fn run_and_keep(
    workspace: &Workspace,
    name: &str,
    folder: &str,
    mut bench: Command,
    args: &[String],
) -> Outcome {
    let output = bench.stderr(Stdio::inherit()).output()?;
    let tables = String::from_utf8(output.stdout)?;
    print!("{tables}");
    // A run that was too slow fails and has its table all the same; `--help` has none.
    if tables.starts_with(['|', '#']) {
        let command = command_line(name, args);
        let results = results(&command, &Machine::read()?, &tables);
        fs::write(workspace.path(&format!("benches/{folder}/RESULTS.md")), results)?;
    }
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("the benchmark failed: {}", output.status).into())
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
