//! The protocol under a prefix, and beside it a stream that ends for good.
//!
//! `cargo run -p sse-actix --example actix_words`, then `curl -N http://127.0.0.1:8888/words`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use actix_web::{App, HttpServer, web};
use futures_util::{StreamExt, stream};
use sse_actix::{EventService, LastEventId, SocketOptions, Sse};
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = GatewayConfig::default().with_prefix("/events")?;
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let events = EventService::new(gateway);
    let app = move || App::new().route("/words", web::get().to(words)).service(events.clone());

    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let listener = SocketOptions::default().listen(addr.parse()?)?;
    println!("listening on http://{}", listener.local_addr()?);
    HttpServer::new(app).h1_allow_half_closed(false).listen(listener)?.run().await?;
    Ok(())
}

async fn words(last: LastEventId) -> Sse {
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
