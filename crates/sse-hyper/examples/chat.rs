//! A chat: a page that listens with `EventSource` and publishes with `fetch`.
//!
//! `cargo run -p sse-hyper --example chat`, then open http://127.0.0.1:8888 in two windows.

use std::{
    error::Error,
    io::{self, Write},
};

use clap::Parser;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};
use sse_hyper::{EventService, ResponseBody, Server};
use tower::{ServiceExt, service_fn};

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
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let gateway = Gateway::new(hub, GatewayConfig::default().with_prefix("/events")?);
    let events = EventService::new(gateway);
    let channels = events.channels();
    let service = service_fn(move |request: Request<Incoming>| {
        let events = events.clone();
        async move {
            if request.uri().path() == "/" {
                return Ok(page().map(Either::Left));
            }
            events.oneshot(request).await.map(|answer| ResponseBody::convert(answer, Either::Right))
        }
    });

    let server = Server::bind(("127.0.0.1", args.port)).await?.with_graceful_shutdown(async move {
        let _interrupted = tokio::signal::ctrl_c().await;
        // The server waits for its answers, and these end only now.
        channels.shutdown();
    });
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(service).await?;
    Ok(())
}

fn page() -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::from(include_str!("../../sse-tokio/examples/chat.html")));
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    page.headers_mut().insert(header::CONTENT_TYPE, content_type);
    page
}
