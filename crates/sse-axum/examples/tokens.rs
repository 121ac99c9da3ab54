//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-axum --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use axum::{Router, routing::post};
use clap::Parser;
use futures_util::stream;
use sse_axum::{SocketOptions, Sse};
use sse_core::Event;
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
    let app = Router::new().route("/tokens", post(tokens));
    let listener = SocketOptions::default().listen(([127, 0, 0, 1], args.port).into())?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    axum::serve(tokio::net::TcpListener::from_std(listener)?, app).await?;
    Ok(())
}

async fn tokens(prompt: String) -> Sse {
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
