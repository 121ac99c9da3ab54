//! eventsource-server that takes JSON Web Tokens beside the same server that takes everybody: requests a
//! second, and server CPU for each, over loopback.

use std::{
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use bench_server::{Load, Run, Scenario, Server, listen, table};
use clap::Parser;

/// Runs both servers in turn under the same load and prints medians and ratios as Markdown; the reference is
/// the open server.
#[derive(Parser)]
struct Args {
    /// The folder with the commands
    #[arg(long)]
    commands: PathBuf,
    /// Publications in each run
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Listeners that come and go in each run
    #[arg(long, default_value_t = 20_000)]
    listeners: usize,
    /// Runs of each server in each scenario
    #[arg(long, default_value_t = 10)]
    runs: usize,
    /// Exit with 1 if access costs more than 1.15 times the CPU of the open server
    #[arg(long)]
    check: bool,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let mut scenarios = Vec::new();
    for (algorithm, public) in [("HS256", false), ("ES256", true)] {
        let issuer = Issuer::new(&args.commands, folder.path(), algorithm, public)?;
        let publish = |addr, headers, events| async move {
            let load = Load { channels: 1, publishers: 32, events, headers };
            load.run(addr, || ()).await
        };
        let name = format!("publish, {algorithm}");
        scenarios.push(compare(&args, &issuer, name, args.events, publish).await?);
        let name = format!("listen, {algorithm}");
        scenarios.push(compare(&args, &issuer, name, args.listeners, come_and_go).await?);
    }
    print!("{}", table(&scenarios));
    if args.check && scenarios.iter().any(|scenario| MOST < scenario.cpu()) {
        return Err(format!("access costs more than {MOST} times the CPU").into());
    }
    Ok(())
}

async fn compare<F>(
    args: &Args,
    issuer: &Issuer,
    name: String,
    requests: usize,
    load: impl Fn(SocketAddr, &'static str, usize) -> F,
) -> Result<Scenario, Box<dyn Error>>
where
    F: Future<Output = std::io::Result<Duration>>,
{
    let server = args.commands.join("eventsource-server");
    let closed = ["-P", "0", issuer.option, &issuer.key];
    let mut scenario = Scenario::new(name);
    for run in 0..args.runs {
        eprintln!("{}: run {} of {}", scenario.name, run + 1, args.runs);
        // On a machine that changes its speed, neither is always the second.
        for is_closed in [run % 2 == 0, run % 2 == 1] {
            let options = if is_closed { &closed[..] } else { &closed[..2] };
            let server = Server::start(&server, options).await?;
            let before = server.cpu()?;
            let wall = load(server.addr, issuer.header, requests).await?;
            let cpu = server.cpu()?.saturating_sub(before);
            let run = Run::new(requests, wall, cpu);
            if is_closed { scenario.ours.push(run) } else { scenario.reference.push(run) }
        }
    }
    Ok(scenario)
}

/// As many listeners one after the other on each of some channels, each on a connection of its own.
async fn come_and_go(
    addr: SocketAddr,
    headers: &'static str,
    listeners: usize,
) -> std::io::Result<Duration> {
    let begun = Instant::now();
    let mut channels = tokio::task::JoinSet::new();
    for channel in 0..CHANNELS {
        channels.spawn(async move {
            for _ in 0..listeners / CHANNELS {
                drop(listen(addr, channel, headers).await?);
            }
            std::io::Result::Ok(())
        });
    }
    while let Some(done) = channels.join_next().await {
        done.map_err(std::io::Error::other)??;
    }
    Ok(begun.elapsed())
}

/// A key, as an option of the server, and a token made with it.
struct Issuer {
    option: &'static str,
    key: String,
    header: &'static str,
}

impl Issuer {
    fn new(
        commands: &Path,
        folder: &Path,
        algorithm: &str,
        is_public: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let secret = folder.join(algorithm).display().to_string();
        let run = |arguments: &[&str]| {
            let output =
                Command::new(commands.join("eventsource-token")).args(arguments).output()?;
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            output
                .status
                .success()
                .then_some(output.stdout)
                .ok_or_else(|| std::io::Error::other(error))
        };
        let public = run(&["key", "--alg", algorithm, "--out", &secret])?;
        let (option, key) = if is_public {
            let file = format!("{secret}.json");
            std::fs::write(&file, public)?;
            ("--jwks", file)
        } else {
            ("--jwt-key", format!("{algorithm}={secret}"))
        };
        let token = run(&[
            "mint",
            "--key",
            &secret,
            "--alg",
            algorithm,
            "--listen",
            "*",
            "--publish",
            "*",
            "--expires-in",
            "1h",
            "--subject",
            "bench",
        ])?;
        let header = format!("Authorization: Bearer {}\r\n", String::from_utf8(token)?.trim());
        Ok(Self { option, key, header: header.leak() })
    }
}

/// How many times the CPU of the open server access may cost.
const MOST: f64 = 1.15;

const CHANNELS: usize = 32;
