//! Histories that outlive the process.
//!
//! `cargo run -p sse-hyper --example durable`, then `curl -d 'hello' http://127.0.0.1:8888/ping/42`; end it, start it
//! again, and `curl -N 'http://127.0.0.1:8888/poll/42?since=earliest'`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::{
    error::Error,
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::Arc,
};

use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, history::History};
use sse_hyper::{EventService, Server};
use sse_redb::{OpenError, Store, StoreConfig};

fn config(dir: &Path) -> Result<HubConfig, OpenError> {
    let seed = RandomState::new().hash_one(());
    let history = History::new(seed).with_max_events(10_000);
    let store = Store::open(StoreConfig::new(dir).with_history(&history))?;
    Ok(HubConfig::new(StringFormat).with_history(history).with_store(Arc::new(store)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let dir = args.next().unwrap_or_else(|| "events".to_owned());
    let service = EventService::new(Gateway::new(
        Hub::new(config(Path::new(&dir))?),
        GatewayConfig::default(),
    ));
    let server = Server::bind(addr).await?;
    println!("listening on http://{}", server.local_addr()?);
    Ok(server.serve(service).await?)
}
