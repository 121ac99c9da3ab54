//! Streams that not everybody may have, and answers with a status, headers and cookies of their own.
//!
//! `cargo run -p sse-actix --example guarded`, then
//! `curl -N -H 'Cookie: session=s3cret' http://127.0.0.1:8888/mine`.

use std::{
    error::Error,
    io::{self, Write},
    net::Ipv4Addr,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{COOKIE, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::{Next, from_fn},
    web,
};
use clap::Parser;
use futures_util::stream;
use sse_actix::{EventService, SocketOptions, Sse};
use sse_core::{Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, channel::Mode};

#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The port to listen on; 0 picks a free one.
    #[arg(short = 'P', long, default_value_t = 8888)]
    port: u16,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let gateway = Gateway::new(hub, GatewayConfig::default().with_prefix("/events")?);
    let events = EventService::new(gateway);

    let listener = SocketOptions::default().listen((Ipv4Addr::LOCALHOST, args.port).into())?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    let server = HttpServer::new(move || {
        let events = events.clone();
        App::new().configure(move |app| configure(app, events))
    });
    Ok(server.h1_allow_half_closed(false).listen(listener)?.run().await?)
}

fn configure(app: &mut web::ServiceConfig, events: EventService) {
    app.app_data(web::Data::new(events.clone()))
        .route("/mine", web::get().to(mine))
        .route("/answers", web::post().to(answer))
        // A layer around the routes of the protocol: nobody listens or publishes without a session.
        .service(web::scope("/events").wrap(from_fn(only_users)).service(events));
}

async fn only_users(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match user(request.headers()) {
        Some(_) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        None => Ok(request.into_response(HttpResponse::Unauthorized())),
    }
}

/// A channel in a route of our own, behind a look at a cookie.
async fn mine(
    request: HttpRequest,
    payload: web::Payload,
    events: web::Data<EventService>,
) -> HttpResponse {
    let Some(user) = user(request.headers()) else {
        return HttpResponse::Unauthorized().finish();
    };
    let token = Token::new(user).expect("a user's name is a token");
    let mut response = events.respond(&token, &request, payload).await;
    let name = HeaderName::from_static("x-user");
    response.headers_mut().insert(name, HeaderValue::from_static(user));
    response
}

/// A stream with a status, a header and a cookie of its own.
async fn answer() -> impl Responder {
    let words =
        (1..).zip(["to", "be"]).map(|(place, word)| Event::data(word).with_id(place.into()));
    Sse::new(stream::iter(words))
        .customize()
        .with_status(StatusCode::CREATED)
        .insert_header(("location", "/answers/7"))
        .append_header(("set-cookie", "answer=7; HttpOnly"))
}

/// Whose session the cookie names, which a service of your own looks up.
fn user(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let is_known =
        cookies.flat_map(|line| line.split("; ")).any(|cookie| cookie == "session=s3cret");
    is_known.then_some("alice")
}
