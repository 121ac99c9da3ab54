//! A client that stays connected: `cargo run -p sse-hyper --example listen http://127.0.0.1:8888/words`.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it is a program")]

use std::time::Duration;

use futures_util::StreamExt;
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, Notice};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::args().nth(1).ok_or("usage: listen ADDRESS")?.parse()?;
    let config =
        ClientConfig::default().with_status_retry(true).with_idle_timeout(Duration::from_secs(60));
    let mut source = EventSource::builder(uri).with_config(config).build()?;
    while let Some(notice) = source.next().await {
        match notice? {
            Notice::Event(event) => println!("{}: {}", event.name(), event.data()),
            Notice::Reconnecting { after, because } => eprintln!("in {after:?}: {because}"),
            _ => (),
        }
    }
    Ok(())
}
