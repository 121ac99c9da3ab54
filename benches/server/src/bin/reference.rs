//! The reference: the server as it is written today, with axum's `Sse` over a broadcast channel
//! for each token.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
    routing::{get, post},
};
use tokio::sync::broadcast;
use tokio_stream::{Stream, StreamExt, wrappers::BroadcastStream};

type Channels = Arc<Mutex<HashMap<String, broadcast::Sender<String>>>>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let routes = Router::new()
        .route("/poll/{token}", get(listen))
        .route("/ping/{token}", post(publish))
        .with_state(Channels::default());
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |tcp| {
            tcp.set_nodelay(true).expect("a fresh socket takes options");
        }),
        routes,
    )
    .await
}

async fn listen(
    State(channels): State<Channels>,
    Path(token): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = channels
        .lock()
        .expect("nobody panics with it")
        .entry(token)
        .or_insert_with(|| broadcast::channel(16_384).0)
        .subscribe();
    let events = BroadcastStream::new(receiver)
        .filter_map(Result::ok)
        .map(|data| Ok(Event::default().event("ping").data(data)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(
    State(channels): State<Channels>,
    Path(token): Path<String>,
    body: String,
) -> StatusCode {
    let channels = channels.lock().expect("nobody panics with it");
    match channels.get(&token).map(|sender| sender.send(body)) {
        Some(Ok(_)) => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    }
}
