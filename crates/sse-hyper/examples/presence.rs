//! Channels with modes and a history of their own, and a word on who is there.
//!
//! `cargo run -p sse-hyper --example presence`, then `curl -N http://127.0.0.1:8888/poll/news:42`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::{
    error::Error,
    hash::{BuildHasher, RandomState},
};

use futures_util::StreamExt;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, channel::Mode, format::JsonFormat, history::History,
    hub::HubEvent,
};
use sse_hyper::{ChannelEvents, Channels, EventService, Server};

fn config() -> HubConfig {
    let seed = RandomState::new().hash_one(());
    HubConfig::new(JsonFormat)
        .with_mode_of(|token| match token.as_str().split_once(':') {
            Some(("news", _)) => Mode::Shared,
            _ => Mode::Exclusive,
        })
        .with_history(History::new(seed).with_max_events(100))
        .with_max_listeners(50_000)
}

async fn say_who_is_there(channels: Channels, mut events: ChannelEvents) {
    while let Some(event) = events.next().await {
        if let HubEvent::FirstListener { token, .. } = event {
            println!("{token} has a listener; {} in all", channels.hub().counts().listeners);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let server = Server::bind(addr).await?;
    let service = EventService::new(Gateway::new(Hub::new(config()), GatewayConfig::default()));
    // What happens from here on is told, and nobody can connect before.
    let events = service.channels().events();
    let saying = say_who_is_there(service.channels(), events);
    println!("listening on http://{}", server.local_addr()?);
    tokio::select! {
        () = saying => Ok(()),
        served = server.serve(service) => Ok(served?),
    }
}
