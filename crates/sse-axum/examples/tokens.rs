//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-axum --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`, or
//! on a page `new EventSource("/tokens?to+be+or+not")`, which cannot post.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use axum::{Router, extract::RawQuery, routing::get};
use clap::Parser;
use sse_axum::{LastEventId, Sse};
use sse_core::Event;
use sse_hyper::Server;
use tokio::{sync::mpsc, time::sleep};

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
    let app = Router::new().route("/tokens", get(asked).post(posted));
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(app).await?;
    Ok(())
}

async fn asked(RawQuery(prompt): RawQuery, last: LastEventId) -> Sse {
    answer(&prompt.unwrap_or_default().replace('+', " "), &last)
}

async fn posted(last: LastEventId, prompt: String) -> Sse {
    answer(&prompt, &last)
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
