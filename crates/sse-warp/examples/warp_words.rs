//! The protocol under a prefix, and beside it a stream that ends for good.
//!
//! `cargo run -p sse-warp --example warp_words`, then `curl -N http://127.0.0.1:8888/words`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use futures_util::{StreamExt, stream};
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
use sse_hyper::Server;
use sse_warp::{LastEventId, Sse};
use warp::Filter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = GatewayConfig::default().with_prefix("/events")?;
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let words = warp::path!("words").and(warp::get()).and(sse_warp::last_event_id()).map(words);
    let filter = words.or(sse_warp::routes(gateway));

    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let server = Server::bind(addr).await?;
    println!("listening on http://{}", server.local_addr()?);
    server.serve(warp::service(filter)).await?;
    Ok(())
}

fn words(last: LastEventId) -> Sse {
    let words = ["to", "be", "or", "not"];
    // The id of an event says how many were sent, so the browser's last one how many it has.
    let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
    if words.len() <= seen {
        // 204: it comes back after the end of any stream, and after this no more.
        return Sse::stop();
    }
    let rest = stream::iter(words).enumerate().skip(seen);
    Sse::new(rest.map(|(at, word)| Event::data(word).with_id((at + 1).into())))
}
