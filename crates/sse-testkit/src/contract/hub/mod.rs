//! Channels that a crowd can hear, that remember, and that end: what a hub can be configured to do.

pub mod batches;
pub mod ends;
pub mod history;
pub mod keys;
pub mod limits;
pub mod modes;
pub mod returning;

use sse_core::{HubConfig, channel::Mode, history::History};

use crate::{Listener, Response, Setup, Target, head};

/// A setup whose hub remembers, on shared channels.
fn remembering() -> Setup {
    Setup { hub: remember, ..Setup::default() }
}

fn remember(config: HubConfig) -> HubConfig {
    share(config).with_history(History::new(42))
}

fn share(config: HubConfig) -> HubConfig {
    config.with_mode(Mode::Shared)
}

fn open(verdict: &str, anchor: &str) -> String {
    format!("event: sse.open\nretry: 3000\ndata: {{\"resume\":\"{verdict}\"}}\nid: {anchor}\n\n")
}

/// The block that begins a stream on a gap, for a client that came with the id `requested`.
fn gap(reason: &str, requested: &str, missed: &str, anchor: &str) -> String {
    format!(
        "event: sse.gap\nretry: 3000\ndata: {{\"reason\":\"{reason}\",\"requested\":\"{requested}\",\
         \"missed\":{missed}}}\nid: {anchor}\n\n"
    )
}

/// Comes back to the stream at `path`, where `last` was the last id, and reads nothing of it.
async fn resume(target: &Target, path: &str, last: &str) -> Listener {
    let mut connection = target.connect().await;
    connection.send(head("GET", path, &[("Last-Event-ID", last)])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{head:?}");
    Listener::new(connection, head)
}

/// What a POST with more fields is answered.
async fn post_with(target: &Target, path: &str, fields: &[(&str, &str)], body: &str) -> Response {
    let len = body.len().to_string();
    let fields: Vec<_> = fields.iter().copied().chain([("Content-Length", &*len)]).collect();
    target.exchange(head("POST", path, &fields) + body).await
}

/// Publishes `data` and returns the id that it was given.
async fn publish(target: &Target, token: &str, data: &str) -> String {
    let response = target.post("ping", token, data).await;
    assert_eq!(response.status(), 200, "{response:?}");
    field(&response, "sse-id")
}

fn field(response: &Response, name: &str) -> String {
    response.head.field(name).unwrap_or_else(|| panic!("no {name}: {response:?}")).to_owned()
}

fn event(id: &str, data: &str) -> String {
    format!("event: ping\ndata: {data}\nid: {id}\n\n")
}

fn epoch(id: &str) -> &str {
    id.split_once('.').expect("a position").1
}
