//! One of many nodes, whose histories are in Redis.
//!
//! `redis-server`, then `cargo run -p sse-hyper --example nodes` and once more with `127.0.0.1:8889`. A client of the
//! one, `curl -N http://127.0.0.1:8888/poll/42`, receives what is published at the other,
//! `curl -d hello http://127.0.0.1:8889/ping/42`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::{
    error::Error,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, history::History};
use sse_hyper::{EventService, Server};
use sse_redis::{RedisConfig, StartError, Store};

async fn config(url: &str) -> Result<HubConfig, StartError> {
    let history = History::new(RandomState::new().hash_one(()));
    let store = Arc::new(Store::start(RedisConfig::new(url).with_history(&history))?);
    store.ready().await?;
    Ok(HubConfig::new(StringFormat).with_history(history).with_store(store))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let redis = args.next().unwrap_or_else(|| "redis://127.0.0.1".to_owned());
    let hub = Hub::new(config(&redis).await?);
    let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));
    let server = Server::bind(addr).await?;
    println!("listening on http://{}", server.local_addr()?);
    Ok(server.serve(service).await?)
}
