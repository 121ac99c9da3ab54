//! Real clients, real proxies and the parser of Prometheus against `eventsource-server`, all on this machine.

#![forbid(unsafe_code)]

mod clients;
mod http;
mod metrics;
mod ports;
mod process;
mod proxies;
mod relay;
mod server;
mod table;
mod tls;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use proxies::Configs;
use table::Table;

/// How something here ends; an error says what did not happen.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Prints a table of who does what as Markdown; fails if something is not known to be a peer's fault.
#[derive(Parser)]
struct Args {
    /// The `eventsource-server` to check
    #[arg(long)]
    server: PathBuf,
    /// How many checks run at the same time
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Only rows whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    #[command(subcommand)]
    peers: Peers,
}

#[derive(Subcommand)]
enum Peers {
    /// Clients from npm, PyPI and Debian
    Clients {
        /// Where their programs lie, and what they are made of
        #[arg(long)]
        programs: PathBuf,
    },
    /// Proxies from Debian
    Proxies {
        /// Where the templates of their configurations lie
        #[arg(long)]
        templates: PathBuf,
    },
    /// The figures of the server, as Prometheus reads them, beside a load of known size
    Metrics {
        /// The `eventsource-bench` that makes crowds
        #[arg(long)]
        bench: PathBuf,
    },
    /// The proxies of the guide, as it configures them
    Guide {
        /// Where the guide lies
        #[arg(long)]
        guide: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(table) => print(&table),
        Err(error) => {
            eprintln!("interop: {}", http::explain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(mut args: Args) -> Outcome<Table> {
    // Programs run in folders of their own.
    args.server = args.server.canonicalize()?;
    match &args.peers {
        Peers::Clients { programs } => clients::run(&args, &programs.canonicalize()?).await,
        Peers::Proxies { templates } => {
            proxies::run(&args, Configs::Templates(templates.canonicalize()?)).await
        }
        Peers::Metrics { bench } => metrics::run(&args, &bench.canonicalize()?).await,
        Peers::Guide { guide } => proxies::run(&args, Configs::Guide(guide.canonicalize()?)).await,
    }
}

fn print(table: &Table) -> ExitCode {
    print!("{}", table.markdown());
    for gone in table.gone() {
        eprintln!("interop: known as a fault of the peer, and not seen: {gone}");
    }
    let faults = table.faults();
    for fault in &faults {
        eprintln!("interop: {fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
