//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-warp --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use bytes::Bytes;
use clap::Parser;
use futures_util::stream;
use sse_core::Event;
use sse_hyper::Server;
use sse_warp::Sse;
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
    let prompt = warp::body::content_length_limit(1 << 20).and(warp::body::bytes());
    let filter = warp::path!("tokens").and(warp::post()).and(prompt).map(tokens);
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(warp::service(filter)).await?;
    Ok(())
}

fn tokens(prompt: Bytes) -> Sse {
    let prompt = String::from_utf8_lossy(&prompt).into_owned();
    let (tokens, mut written) = mpsc::channel(1);
    tokio::spawn(async move {
        if write(&prompt, tokens).await.is_err() {
            let _gone = writeln!(io::stderr(), "stopped");
        }
    });
    Sse::new(stream::poll_fn(move |cx| written.poll_recv(cx)))
}

/// The producer, which fails as soon as nobody reads any more.
async fn write(
    prompt: &str,
    tokens: mpsc::Sender<Event>,
) -> Result<(), mpsc::error::SendError<Event>> {
    for word in prompt.split_whitespace() {
        sleep(Duration::from_millis(20)).await;
        tokens.send(Event::data(word.to_owned())).await?;
    }
    tokens.send(Event::data("[DONE]")).await
}
