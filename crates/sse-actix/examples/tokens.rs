//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-actix --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`, or
//! on a page `new EventSource("/tokens?to+be+or+not")`, which cannot post.

use std::{
    error::Error,
    io::{self, Write},
    net::Ipv4Addr,
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpServer, rt, web};
use clap::Parser;
use sse_actix::{LastEventId, SocketOptions, Sse};
use sse_core::Event;
use tokio::{sync::mpsc, time::sleep};

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let listener = SocketOptions::default().listen((Ipv4Addr::LOCALHOST, args.port).into())?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    let tokens = || web::resource("/tokens").get(asked).post(posted);
    let server = HttpServer::new(move || App::new().service(tokens()))
        // A reader that goes away is noticed at once, not when it is written to.
        .h1_allow_half_closed(false)
        .listen(listener)?;

    Ok(server.run().await?)
}

async fn asked(request: HttpRequest, last: LastEventId) -> Sse {
    answer(&request.query_string().replace('+', " "), &last)
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
    rt::spawn(async move {
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
