//! Streams that not everybody may have, and answers with a status, headers and cookies of their own.
//!
//! `cargo run -p sse-warp --example guarded`, then
//! `curl -N -H 'Cookie: session=s3cret' http://127.0.0.1:8888/mine`.

use std::{
    error::Error,
    io::{self, Write},
};

use clap::Parser;
use futures_util::stream;
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};
use sse_hyper::Server;
use sse_warp::{EventService, Sse};
use warp::{
    Filter, Rejection, Reply,
    http::{StatusCode, request::Parts},
    reject,
    reply::{Response, with_header, with_status},
};

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
    server.serve(warp::service(app(gateway))).await?;
    Ok(())
}

fn app(gateway: Gateway) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let service = EventService::new(gateway.clone());
    let session = warp::cookie::optional("session");
    // A filter before the routes of the protocol: nobody listens or publishes without a session.
    let only_users = session.and_then(async |session: Option<String>| {
        user(session).map(|_user| ()).ok_or_else(|| reject::custom(NoSession))
    });
    let mine = warp::path!("mine").and(session).and(sse_warp::parts());
    let mine = mine.then(move |session, parts| mine_of(service.clone(), session, parts));
    let answers = warp::path!("answers").and(warp::post());
    let events = warp::path("events").and(only_users).untuple_one().and(sse_warp::routes(gateway));
    mine.or(answers.map(answer)).or(events).recover(async |rejection: Rejection| {
        match rejection.find::<NoSession>() {
            Some(NoSession) => Ok(StatusCode::UNAUTHORIZED),
            None => Err(rejection),
        }
    })
}

#[derive(Debug)]
struct NoSession;

impl reject::Reject for NoSession {}

/// Whose session it is, which a service of your own looks up.
fn user(session: Option<String>) -> Option<&'static str> {
    (session? == "s3cret").then_some("alice")
}

/// A channel in a route of our own, behind a look at a cookie.
async fn mine_of(service: EventService, session: Option<String>, parts: Parts) -> Response {
    let Some(user) = user(session) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let token = Token::new(user).expect("a user's name is a token");
    with_header(service.respond(&token, &parts).await, "x-user", user).into_response()
}

/// A stream with a status, a header and a cookie of its own.
fn answer() -> impl Reply {
    let words =
        (1..).zip(["to", "be"]).map(|(place, word)| Event::data(word).with_id(place.into()));
    let answer = with_header(Sse::new(stream::iter(words)), "location", "/answers/7");
    with_status(with_header(answer, "set-cookie", "answer=7; HttpOnly"), StatusCode::CREATED)
}
