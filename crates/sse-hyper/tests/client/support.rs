use std::time::Duration;

use futures_util::StreamExt;
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, EventSourceBuilder, Interrupted, Notice};
use sse_testkit::{MemoryServer, Step};

/// A source of the events of a server in memory.
pub(crate) fn source(server: &MemoryServer, config: ClientConfig) -> EventSource {
    builder(server).with_config(config).build().unwrap()
}

pub(crate) fn builder(server: &MemoryServer) -> EventSourceBuilder {
    let server = server.clone();
    EventSource::builder("http://a.example/stream".parse().unwrap())
        .with_config(config())
        .with_connector(move |_uri| std::future::ready(server.connect()))
}

/// Waits that are the same in each run.
pub(crate) fn config() -> ClientConfig {
    ClientConfig::default().with_seed(1)
}

/// What comes until the end.
pub(crate) async fn all(source: EventSource) -> Vec<String> {
    source.map(show).collect().await
}

/// The next `count` notices.
pub(crate) async fn some(source: &mut EventSource, count: usize) -> Vec<String> {
    source.take(count).map(show).collect().await
}

/// What comes within `time`.
pub(crate) async fn within(source: EventSource, time: Duration) -> Vec<String> {
    let until = Box::pin(tokio::time::sleep(time));
    source.take_until(until).map(show).collect().await
}

pub(crate) fn show(item: Result<Notice, Interrupted>) -> String {
    match item {
        Ok(Notice::Open) => "open".to_owned(),
        Ok(Notice::Event(event)) => event.data().to_owned(),
        Ok(Notice::Comment(text)) => format!("comment: {text}"),
        Ok(Notice::Retry(time)) => format!("retry: {time:?}"),
        Ok(Notice::Reconnecting { because, .. }) => format!("again: {because}"),
        Ok(other) => format!("{other:?}"),
        Err(gave_up) => format!("gave up: {gave_up}"),
    }
}

/// A stream of `events` that ends.
pub(crate) fn stream(events: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::stream_head(), Step::send(events)]
}

/// A stream of `events` that stays.
pub(crate) fn held(events: &str) -> Vec<Step> {
    [stream(events), vec![Step::Hold]].concat()
}

pub(crate) fn answer(status: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::response(status, "")]
}

pub(crate) fn no_content() -> Vec<Step> {
    answer("204 No Content")
}

/// An answer with this head and nothing else.
pub(crate) fn head(lines: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::send(format!("HTTP/1.1 {lines}\r\n\r\n"))]
}

pub(crate) fn ids(server: &MemoryServer) -> Vec<Option<String>> {
    let requests = server.requests();
    requests.iter().map(|request| request.field("last-event-id").map(str::to_owned)).collect()
}

/// The times between the requests.
pub(crate) fn waits(server: &MemoryServer) -> Vec<Duration> {
    let requests = server.requests();
    requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}
