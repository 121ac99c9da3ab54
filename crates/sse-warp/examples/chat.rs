//! A chat: a page that listens with `EventSource` and publishes with `fetch`.
//!
//! `cargo run -p sse-warp --example chat`, then open http://127.0.0.1:8888 in two windows.

use std::{
    error::Error,
    io::{self, Write},
};

use clap::Parser;
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};
use sse_hyper::Server;
use sse_warp::Channels;
use warp::Filter;

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let gateway = Gateway::new(hub, GatewayConfig::default().with_prefix("/events")?);
    let channels = Channels::new(gateway.hub().clone());
    let stopped = async move {
        let _interrupted = tokio::signal::ctrl_c().await;
        // The server waits for its answers, and these end only now.
        channels.shutdown();
    };
    let page = warp::path::end().map(|| warp::reply::html(PAGE));
    let filter = page.or(sse_warp::routes(gateway));

    let server = Server::bind(("127.0.0.1", args.port)).await?.with_graceful_shutdown(stopped);
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(warp::service(filter)).await?;
    Ok(())
}

const PAGE: &str = include_str!("../../sse-tokio/examples/chat.html");
