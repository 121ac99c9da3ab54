//! Streams that not everybody may have, and answers with a status, headers and cookies of their own.
//!
//! `cargo run -p sse-hyper --example guarded`, then
//! `curl -N -H 'Cookie: session=s3cret' http://127.0.0.1:8888/mine`.

use std::{
    convert::Infallible,
    error::Error,
    io::{self, Write},
};

use clap::Parser;
use futures_util::stream;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
    request::Parts,
};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Incoming};
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};
use sse_hyper::{EventService, ResponseBody, Server, Sse, StreamCut};
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
    let service = service_fn(move |request| serve(events.clone(), request));
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(service).await?;
    Ok(())
}

type Body = UnsyncBoxBody<Bytes, StreamCut>;

async fn serve(
    events: EventService,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let user = user(request.headers());
    match (request.method(), request.uri().path()) {
        (_, "/mine") => Ok(mine(&events, user, &request.into_parts().0).await),
        (&Method::POST, "/answers") => Ok(answer()),
        // Around the protocol: nobody listens or publishes without a session.
        (_, path) if path.starts_with("/events/") && user.is_some() => {
            Ok(ResponseBody::convert(events.oneshot(request).await?, BodyExt::boxed_unsync))
        }
        (_, path) if path.starts_with("/events/") => Ok(refused(StatusCode::UNAUTHORIZED)),
        _ => Ok(refused(StatusCode::NOT_FOUND)),
    }
}

/// A channel in a route of our own, behind a look at a cookie.
async fn mine(events: &EventService, user: Option<&'static str>, parts: &Parts) -> Response<Body> {
    let Some(user) = user else {
        return refused(StatusCode::UNAUTHORIZED);
    };
    let token = Token::new(user).expect("a user's name is a token");
    let response = events.respond(&token, parts).await;
    let mut response = ResponseBody::convert(response, BodyExt::boxed_unsync);
    response.headers_mut().insert("x-user", HeaderValue::from_static(user));
    response
}

/// A stream with a status, a header and a cookie of its own.
fn answer() -> Response<Body> {
    let words =
        (1..).zip(["to", "be"]).map(|(place, word)| Event::data(word).with_id(place.into()));
    let mut response = Sse::new(stream::iter(words)).into_response().map(BodyExt::boxed_unsync);
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/answers/7"));
    headers.append(SET_COOKIE, HeaderValue::from_static("answer=7; HttpOnly"));
    response
}

fn refused(status: StatusCode) -> Response<Body> {
    let empty = Empty::new().map_err(|never| match never {});
    let mut response = Response::new(empty.boxed_unsync());
    *response.status_mut() = status;
    response
}

/// Whose session the cookie names, which a service of your own looks up.
fn user(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let is_known =
        cookies.flat_map(|line| line.split("; ")).any(|cookie| cookie == "session=s3cret");
    is_known.then_some("alice")
}
