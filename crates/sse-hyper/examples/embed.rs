//! The protocol inside a server of your own, published to from the process itself.
//!
//! `cargo run -p sse-hyper --example embed`, then `curl -N http://127.0.0.1:8888/poll/clock`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::{error::Error, time::Duration};

use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token};
use sse_hyper::{EventService, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = Hub::new(HubConfig::new(StringFormat));
    let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));

    let channels = service.channels();
    let clock = Token::new("clock")?;
    tokio::spawn(async move {
        for tick in 0_u64.. {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // Nobody may be listening, which is an error to a publisher but not to a clock.
            let _refused = channels.publish(&clock, "ping", tick.to_string().as_bytes());
        }
    });

    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let channels = service.channels();
    let server = Server::bind(addr).await?.with_graceful_shutdown(async move {
        let _interrupted = tokio::signal::ctrl_c().await;
        channels.shutdown();
    });
    println!("listening on http://{}", server.local_addr()?);
    server.serve(service).await?;
    Ok(())
}
