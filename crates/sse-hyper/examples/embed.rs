//! The protocol inside a server of your own, published to from the process itself.
//!
//! `cargo run -p sse-hyper --example embed`, then `curl -N http://127.0.0.1:8888/poll/clock`.

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

    let channels = service.channels();
    let server = Server::bind("127.0.0.1:8888").await?.with_graceful_shutdown(async move {
        let _interrupted = tokio::signal::ctrl_c().await;
        channels.shutdown();
    });
    server.serve(service).await?;
    Ok(())
}
