//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-hyper --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`, or
//! on a page `new EventSource("/tokens?to+be+or+not")`, which cannot post.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use clap::Parser;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Incoming};
use sse_core::{Event, response::LastEventId};
use sse_hyper::{Received, Server, Sse};
use tokio::{sync::mpsc, time::sleep};
use tower::service_fn;

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
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(service_fn(tokens)).await?;
    Ok(())
}

type Failure = Box<dyn Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Failure>;

async fn tokens(request: Request<Incoming>) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let last = LastEventId::from(&head);
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/tokens") => {
            let prompt = head.uri.query().unwrap_or_default().replace('+', " ");
            Ok(answer(&prompt, &last))
        }
        (&Method::POST, "/tokens") => {
            let prompt = Limited::new(body, 1 << 20).collect().await?.to_bytes();
            Ok(answer(&String::from_utf8_lossy(&prompt), &last))
        }
        _ => {
            let empty = Empty::new().map_err(|never| match never {});
            let mut response = Response::new(empty.boxed_unsync());
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    }
}

/// The rest of the answer to a client that has seen a part of it, or 204 to one that has all.
///
/// A browser comes back after the end of any stream, and here each time would cost another answer.
fn answer(prompt: &str, last: &LastEventId) -> Response<Body> {
    let words = prompt.split_whitespace().chain(["[DONE]"]).map(str::to_owned);
    let words: Vec<_> = words.collect();
    // The id of an event is its place, so the last one that a client has seen tells how many it has.
    let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
    if words.len() <= seen {
        return boxed(Sse::stop());
    }
    let (tokens, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        if write(words, seen, tokens).await.is_err() {
            let _gone = writeln!(io::stderr(), "stopped");
        }
    });
    boxed(Sse::from_receiver(receiver))
}

fn boxed(sse: Sse<Received<Event>>) -> Response<Body> {
    sse.into_response().map(|body| body.map_err(Into::into).boxed_unsync())
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
