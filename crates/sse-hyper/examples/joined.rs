//! An event format of your own: the lines of a body joined to one.
//!
//! `cargo run -p sse-hyper --example joined`, then `curl -N http://127.0.0.1:8888/poll/42`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;

use http::HeaderValue;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    format::{Format, FormatError},
    id_source::Counter,
};
use sse_hyper::{EventService, Server};

#[derive(Debug)]
struct Joined;

impl Format for Joined {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/plain")
    }

    fn data(&self, body: &[u8]) -> Result<String, FormatError> {
        Ok(StringFormat.data(body)?.lines().collect::<Vec<_>>().join(";"))
    }
}

fn config() -> HubConfig {
    HubConfig::new(Joined).with_ids(Counter::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let server = Server::bind(addr).await?;
    println!("listening on http://{}", server.local_addr()?);
    let gateway = Gateway::new(Hub::new(config()), GatewayConfig::default());
    server.serve(EventService::new(gateway)).await?;
    Ok(())
}
