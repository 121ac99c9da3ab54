//! The protocol as `eventsource-server` serves it, with the most needed of its options.
//!
//! `cargo run -p sse-warp --example protocol_server`, then `curl -N http://127.0.0.1:8888/poll/42`.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use clap::Parser;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    action::{Action, ActionSet},
    format::JsonFormat,
    id_source::Counter,
};
use sse_hyper::Server;
use sse_warp::Channels;
use tokio::signal::unix::{Signal, SignalKind, signal};

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
    /// Give events ids.
    #[arg(short, long)]
    id: bool,
    /// Take JSON only.
    #[arg(short, long)]
    json: bool,
    /// The silence after which a comment is sent, in milliseconds; 0 for never.
    #[arg(short, long, value_name = "MS", default_value_t = 0)]
    keepalive: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let gateway = Gateway::new(Hub::new(config(&args)?), GatewayConfig::default());
    let channels = Channels::new(gateway.hub().clone());
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stopped = async move {
        next(&mut signals).await;
        channels.shutdown();
        tokio::spawn(async move {
            next(&mut signals).await;
            std::process::exit(1);
        });
    };

    let server = Server::bind(("127.0.0.1", args.port)).await?.with_graceful_shutdown(stopped);
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(warp::service(sse_warp::routes(gateway))).await?;
    Ok(())
}

async fn next((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => (),
        _ = terminate.recv() => (),
    }
}

fn config(args: &Args) -> Result<HubConfig, Box<dyn Error>> {
    let config = if args.json { HubConfig::new(JsonFormat) } else { HubConfig::new(StringFormat) };
    let keepalive = (0 < args.keepalive).then(|| Duration::from_millis(args.keepalive));
    let config = config.with_keepalive(keepalive);
    if !args.id {
        return Ok(config);
    }
    let actions = ActionSet::default().with_action("retry", Action::Retry)?;
    Ok(config.with_ids(Counter::default()).with_actions(actions))
}
