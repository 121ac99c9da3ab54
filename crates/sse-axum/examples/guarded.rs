//! Streams that not everybody may have, and answers with a status, headers and cookies of their own.
//!
//! `cargo run -p sse-axum --example guarded`, then
//! `curl -N -H 'Cookie: session=s3cret' http://127.0.0.1:8888/mine`.

use std::{
    error::Error,
    io::{self, Write},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{COOKIE, LOCATION, SET_COOKIE},
        request::Parts,
    },
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use clap::Parser;
use futures_util::stream;
use sse_axum::{EventService, Sse};
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};
use sse_hyper::Server;

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
    let server = Server::bind(("127.0.0.1", args.port)).await?;
    writeln!(io::stdout(), "listening on http://{}", server.local_addr()?)?;
    io::stdout().flush()?;
    server.serve(app(gateway)).await?;
    Ok(())
}

fn app(gateway: Gateway) -> Router {
    Router::new()
        .route("/mine", get(mine))
        .route("/answers", post(answer))
        .with_state(EventService::new(gateway.clone()))
        // A layer around the routes of the protocol: nobody listens or publishes without a session.
        .merge(sse_axum::router(gateway).layer(from_fn(only_users)))
}

async fn only_users(request: Request, next: Next) -> Response {
    match user(request.headers()) {
        Some(_) => next.run(request).await,
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// A channel in a route of our own, behind a look at a cookie.
async fn mine(State(events): State<EventService>, parts: Parts) -> Response {
    let Some(user) = user(&parts.headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let token = Token::new(user).expect("a user's name is a token");
    ([("x-user", user)], events.respond(&token, &parts).await).into_response()
}

/// A stream with a status, a header and a cookie of its own.
async fn answer() -> impl IntoResponse {
    let words =
        (1..).zip(["to", "be"]).map(|(place, word)| Event::data(word).with_id(place.into()));
    let headers = [(LOCATION, "/answers/7"), (SET_COOKIE, "answer=7; HttpOnly")];
    (StatusCode::CREATED, headers, Sse::new(stream::iter(words)))
}

/// Whose session the cookie names, which a service of your own looks up.
fn user(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let is_known =
        cookies.flat_map(|line| line.split("; ")).any(|cookie| cookie == "session=s3cret");
    is_known.then_some("alice")
}
