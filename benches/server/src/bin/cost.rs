//! What one publication and one listener cost `eventsource-server`: instructions in user space, counted by
//! callgrind, system calls, counted by strace, and time.
//!
//! Counts are the difference of a long and a short run, so that what comes once falls out.

use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command as Tool,
};

use bench_server::{Server, listen, pipeline};
use clap::Parser;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinSet};

/// Prints Markdown tables.
#[derive(Parser)]
struct Args {
    /// The eventsource-server to measure
    #[arg(long)]
    server: PathBuf,
    /// Keep callgrind's files in this folder
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Do not run under callgrind, which takes most of the time
    #[arg(long)]
    calls_only: bool,
}

/// What is counted, for one of them.
#[derive(Clone, Copy)]
enum Load {
    /// Publications to 1,000 channels with a listener each.
    Publish { publishers: usize, in_flight: usize },
    /// Listeners that connect and read their head.
    Listen,
}

const LOADS: [(&str, Load); 3] = [
    (
        "a publication and its delivery, one connection, 32 pipelined",
        Load::Publish { publishers: 1, in_flight: 32 },
    ),
    (
        "a publication and its delivery, 32 connections, one request each",
        Load::Publish { publishers: 32, in_flight: 1 },
    ),
    ("a listener: accepted, admitted, its head sent", Load::Listen),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    if !args.calls_only {
        println!("| instructions in user space | for each |\n|---|--:|");
        for (place, (name, load)) in LOADS.into_iter().enumerate() {
            let folder = args.keep.as_deref().unwrap_or(folder.path());
            let out = |count| folder.join(format!("callgrind.{place}.{count}"));
            let short = instructions(&args.server, &out(SHORT), load, SHORT).await?;
            let long = instructions(&args.server, &out(LONG), load, LONG).await?;
            println!("| {name} | {:.0} |", (long - short) / (LONG - SHORT) as f64);
        }
        println!();
    }
    println!("| system calls | for each | which |\n|---|--:|---|");
    for (name, load) in LOADS {
        let short = calls(&args.server, &folder, load, SHORT).await?;
        let long = calls(&args.server, &folder, load, LONG).await?;
        let mut each: Vec<_> = long
            .into_iter()
            .map(|(call, count)| {
                let more = count - short.get(&call).copied().unwrap_or_default();
                (call, more / (LONG - SHORT) as f64)
            })
            .filter(|(_, count)| 0.005 < count.abs())
            .collect();
        each.sort_by(|one, other| other.1.total_cmp(&one.1));
        let all: f64 = each.iter().map(|(_, count)| count).sum();
        let which: Vec<_> =
            each.iter().map(|(call, count)| format!("`{call}` {count:.2}")).collect();
        println!("| {name} | {all:.2} | {} |", which.join(", "));
    }
    println!("\n| CPU, kernel included, median of {RUNS} | µs for each |\n|---|--:|");
    for (name, load) in LOADS.into_iter().filter(|(_, load)| !matches!(load, Load::Listen)) {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(micros(&args.server, load).await?);
        }
        runs.sort_by(f64::total_cmp);
        println!("| {name} | {:.1} |", runs[RUNS / 2]);
    }
    Ok(())
}

/// The server's CPU on one processor for each of many of what `load` counts.
async fn micros(program: &Path, load: Load) -> Result<f64, Box<dyn Error>> {
    let server = start("taskset", &["--cpu-list", "0"], program).await?;
    run(server.addr, load, SHORT).await?;
    let before = server.cpu()?;
    run(server.addr, load, MANY).await?;
    let after = server.cpu()?;
    server.end().await?;
    Ok((after - before).as_secs_f64() * 1e6 / MANY as f64)
}

/// The instructions of a run with `count` of what `load` counts.
async fn instructions(
    program: &Path,
    out: &Path,
    load: Load,
    count: usize,
) -> Result<f64, Box<dyn Error>> {
    let out_file = format!("--callgrind-out-file={}", out.display());
    let args = ["--tool=callgrind", &out_file, "--quiet"];
    let server = start("valgrind", &args, program).await?;
    run(server.addr, load, count).await?;
    server.end().await?;
    let text = fs::read_to_string(out)?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}

/// The system calls of a run with `count` of what `load` counts.
async fn calls(
    program: &Path,
    folder: &TempDir,
    load: Load,
    count: usize,
) -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
    let out = folder.path().join("calls");
    let args = ["-f", "-c", "-U", "calls,name", "-o", &out.display().to_string()];
    let server = start("strace", &args, program).await?;
    run(server.addr, load, count).await?;
    server.end().await?;
    let lines = fs::read_to_string(out)?;
    let counts = lines.lines().filter_map(|line| {
        let (count, name) = line.trim().split_once(' ')?;
        Some((name.trim().to_owned(), count.parse().ok()?))
    });
    Ok(counts.filter(|(name, _)| name != "total").collect())
}

async fn start(tool: &str, args: &[&str], program: &Path) -> Result<Server, Box<dyn Error>> {
    if Tool::new(tool).arg("--version").output().is_err() {
        return Err(format!("cannot run {tool}").into());
    }
    let program = program.to_str().ok_or("a path that is no UTF-8")?;
    // One worker: how often one wakes another depends on the machine.
    let env = ["TOKIO_WORKER_THREADS=1", "RUST_LOG=warn"];
    let mut all = env.to_vec();
    all.push(tool);
    all.extend(args);
    all.extend([program, "-P", "0", "--mode", "shared"]);
    Ok(Server::start(Path::new("env"), &all).await?)
}

async fn run(addr: SocketAddr, load: Load, count: usize) -> io::Result<()> {
    let Load::Publish { publishers, in_flight } = load else {
        let mut listeners = Vec::new();
        for channel in 0..count {
            listeners.push(listen(addr, channel, "").await?);
        }
        return Ok(());
    };
    let mut listeners = JoinSet::new();
    for channel in 0..CHANNELS {
        listeners.spawn(discard(listen(addr, channel, "").await?));
    }
    let mut publishing = JoinSet::new();
    for publisher in 0..publishers {
        let channels = (publisher..count).step_by(publishers).map(|event| event % CHANNELS);
        publishing.spawn(pipeline(addr, channels, in_flight));
    }
    while let Some(published) = publishing.join_next().await {
        published.map_err(io::Error::other)??;
    }
    Ok(())
}

async fn discard(mut stream: TcpStream) -> io::Result<()> {
    while 0 < stream.read(&mut [0; 4096]).await? {}
    Ok(())
}

const CHANNELS: usize = 1_000;
const SHORT: usize = 640;
const LONG: usize = 3_200;
const MANY: usize = 128_000;
const RUNS: usize = 5;
