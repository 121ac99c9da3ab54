//! An answer that comes word by word, as that of a language model does. This one is an echo.
//!
//! `cargo run -p sse-hyper --example tokens`, then `curl -N -d 'to be or not' http://127.0.0.1:8888/tokens`.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use clap::Parser;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Incoming};
use sse_core::Event;
use sse_hyper::{Server, Sse};
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
    server.serve(service_fn(answer)).await?;
    Ok(())
}

type Failure = Box<dyn Error + Send + Sync>;

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, Failure>>, Failure> {
    if (request.method(), request.uri().path()) != (&Method::POST, "/tokens") {
        let empty = Empty::new().map_err(|never| match never {});
        let mut response = Response::new(empty.boxed_unsync());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    }
    let prompt = Limited::new(request.into_body(), 1 << 20).collect().await?.to_bytes();
    let prompt = String::from_utf8_lossy(&prompt).into_owned();

    let (tokens, mut written) = mpsc::channel(1);
    tokio::spawn(async move {
        if write(&prompt, tokens).await.is_err() {
            let _gone = writeln!(io::stderr(), "stopped");
        }
    });
    let sse = Sse::new(stream::poll_fn(move |cx| written.poll_recv(cx)));
    Ok(sse.into_response().map(|body| body.map_err(Into::into).boxed_unsync()))
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
