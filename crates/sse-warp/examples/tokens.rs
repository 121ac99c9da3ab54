//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-warp --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`, or
//! on a page `new EventSource("/tokens?to+be+or+not")`, which cannot post.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use bytes::Bytes;
use clap::Parser;
use sse_core::Event;
use sse_hyper::Server;
use sse_warp::{LastEventId, Sse};
use tokio::{sync::mpsc, time::sleep};
use warp::Filter;

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let asked = warp::get().and(warp::query::raw()).map(|prompt: String| prompt.replace('+', " "));
    let posted = warp::post()
        .and(warp::body::content_length_limit(1 << 20))
        .and(warp::body::bytes())
        .map(|prompt: Bytes| String::from_utf8_lossy(&prompt).into_owned());
    let filter = warp::path!("tokens")
        .and(asked.or(posted).unify())
        .and(sse_warp::last_event_id())
        .map(|prompt: String, last| answer(&prompt, &last));
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(warp::service(filter)).await?;
    Ok(())
}

/// The rest of the answer to a client that has seen a part of it, or 204 to one that has all.
///
/// A browser comes back after the end of any stream, and here each time would cost another answer.
fn answer(prompt: &str, last: &LastEventId) -> Sse {
    let words = prompt.split_whitespace().chain(["[DONE]"]).map(str::to_owned);
    let words: Vec<_> = words.collect();
    // The id of an event is its place, so the last one that a client has seen tells how many it has.
    let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
    if words.len() <= seen {
        return Sse::stop();
    }
    let (tokens, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        if write(words, seen, tokens).await.is_err() {
            let _gone = writeln!(io::stderr(), "stopped");
        }
    });
    Sse::from_receiver(receiver)
}

/// The producer, which fails as soon as nobody reads any more.
async fn write(
    words: Vec<String>,
    seen: usize,
    tokens: mpsc::Sender<Event>,
) -> Result<(), mpsc::error::SendError<Event>> {
    for (place, word) in (1_u64..).zip(words).skip(seen) {
        sleep(Duration::from_millis(20)).await;
        tokens.send(Event::data(word).with_id(place.into())).await?;
    }
    Ok(())
}
