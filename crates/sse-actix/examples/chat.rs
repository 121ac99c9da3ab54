//! A chat: a page that listens with `EventSource` and publishes with `fetch`.
//!
//! `cargo run -p sse-actix --example chat`, then open http://127.0.0.1:8888 in two windows.

use std::{
    error::Error,
    io::{self, Write},
    net::Ipv4Addr,
};

use actix_web::{App, HttpServer, web};
use clap::Parser;
use sse_actix::{EventService, SocketOptions};
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let gateway = Gateway::new(hub, GatewayConfig::default().with_prefix("/events")?);
    let events = EventService::new(gateway);
    let channels = events.channels();

    let listener = SocketOptions::default().listen((Ipv4Addr::LOCALHOST, args.port).into())?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    let server =
        HttpServer::new(move || App::new().route("/", web::get().to(page)).service(events.clone()))
            // A reader that goes away is noticed at once, not when it is written to.
            .h1_allow_half_closed(false)
            .shutdown_signal(async move {
                let _interrupted = tokio::signal::ctrl_c().await;
                // The server waits for its answers, and these end only now.
                channels.shutdown();
            })
            .listen(listener)?;

    Ok(server.run().await?)
}

async fn page() -> web::Html {
    web::Html::new(include_str!("../../sse-tokio/examples/chat.html"))
}
