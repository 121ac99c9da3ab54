//! The protocol under a prefix, and beside it a stream that ends for good.
//!
//! `cargo run -p sse-hyper --example hyper_words`, then `curl -N http://127.0.0.1:8888/words`.

#![expect(clippy::print_stdout, reason = "it is a program")]

use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::Either;
use hyper::body::{Body, Bytes, Incoming};
use sse_core::{
    Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, response::LastEventId,
};
use sse_hyper::{EventService, ResponseBody, Server, Sse, StreamCut};
use tower::{ServiceExt, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = GatewayConfig::default().with_prefix("/events")?;
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let events = EventService::new(gateway);
    let service = service_fn(move |request: Request<Incoming>| {
        let events = events.clone();
        async move {
            if request.uri().path() == "/words" {
                let (head, _body) = request.into_parts();
                return Ok(words(LastEventId::from(&head)).map(Either::Left));
            }
            events.oneshot(request).await.map(|answer| ResponseBody::convert(answer, Either::Right))
        }
    });

    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let server = Server::bind(addr).await?;
    println!("listening on http://{}", server.local_addr()?);
    server.serve(service).await?;
    Ok(())
}

fn words(last: LastEventId) -> Response<impl Body<Data = Bytes, Error = StreamCut>> {
    let words = ["to", "be", "or", "not"];
    // The id of an event says how many were sent, so the browser's last one how many it has.
    let seen = last.id().and_then(|id| id.as_str().parse().ok()).unwrap_or(0);
    if words.len() <= seen {
        // 204: it comes back after the end of any stream, and after this no more.
        return Sse::stop().into_response();
    }
    let rest = stream::iter(words).enumerate().skip(seen);
    Sse::new(rest.map(|(at, word)| Event::data(word).with_id((at + 1).into()))).into_response()
}
