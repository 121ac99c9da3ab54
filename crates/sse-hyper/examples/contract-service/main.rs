//! The client behind the interface of LaunchDarkly's `sse-contract-tests`, which serves the streams.
//!
//! `cargo run -p sse-hyper --example contract-service -- --port 8000`, then
//! `sse-contract-tests --url http://127.0.0.1:8000`.

mod messages;
mod service;
mod stream;

use std::{
    convert::Infallible,
    error::Error,
    io::{self, Write},
    sync::Arc,
};

use clap::Parser;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use service::ContractService;
use tokio::net::TcpListener;

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8000)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", Args::parse().port)).await?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    let contract = Arc::new(ContractService::default());
    loop {
        let (connection, _) = listener.accept().await?;
        let contract = Arc::clone(&contract);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let contract = Arc::clone(&contract);
                async move { Ok::<_, Infallible>(contract.answer(request).await) }
            });
            http1::Builder::new().serve_connection(TokioIo::new(connection), service).await
        });
    }
}
