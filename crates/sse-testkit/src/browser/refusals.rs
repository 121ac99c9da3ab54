//! Answers after which a browser does not ask again.

use std::time::Duration;

use futures_util::stream;
use sse_core::{Event, event::EventId};

use crate::{
    Setup, Streams, Target,
    chromium::{Browser, Seen},
    relay::Relay,
};

/// "An `EventSource` is closed for good by anything but 200. So a GET that would get 423 gets 200
/// instead", and the browser comes back by itself.
pub async fn a_taken_token_is_told_and_asked_for_again(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping", "sse.refused"]).await;
    source.expect_open().await;
    source.expect("sse.refused", "{\"status\":423}", "").await;
    assert_eq!(source.next().await, Seen::Lost);
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;

    drop(listener);

    // It may come back before the server has seen the end of the listener.
    loop {
        source.expect_open().await;
        if relay.requests("/poll/42").len() > 1 && target.has_listener("42").await {
            break;
        }
        source.expect("sse.refused", "{\"status\":423}", "").await;
        assert_eq!(source.next().await, Seen::Lost);
    }
    target.publish("ping", "42", "hi").await;
    source.expect("ping", "hi", "").await;
}

/// 503: a browser that comes when the server is full waits for a place.
pub async fn a_full_server_is_told(start: impl AsyncFn(Setup) -> Target) {
    let full = |hub: sse_core::HubConfig| hub.with_max_listeners(0);
    let target = start(Setup { hub: full, ..Setup::default() }).await;
    let browser = Browser::at(&target.url("/")).await;

    let source = browser.open("/poll/42", &["sse.refused"]).await;

    source.expect_open().await;
    source.expect("sse.refused", "{\"status\":503}", "").await;
    assert_eq!(source.next().await, Seen::Lost);
}

/// "Exactly two path segments": 400.
pub async fn a_wrong_path_closes_the_source(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    closes(&target, "/poll/42/more").await;
}

/// "`GET /{other}/{token}`: 301 to `/`", which is a page and no stream.
pub async fn an_unknown_action_closes_the_source(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    closes(&target, "/other/42").await;
}

/// Beside the prefix a framework answers 404, and the protocol alone 400.
pub async fn a_path_that_is_not_served_closes_the_source(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { prefix: "/events".to_owned(), ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&format!("{}/events/", relay.origin())).await;

    closes_in(&browser, &relay, "/nothing/here").await;
}

/// 204, to which the last event ID leads: the browser does not ask again.
pub async fn a_204_stops_the_source_for_good(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|last| {
        let event = Event::data("first")
            .with_id(EventId::from_static("1"))
            .with_retry(Duration::from_millis(10));
        last.is_none().then(|| Box::pin(stream::iter([Ok(event)])) as _)
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/stream", &[]).await;
    source.expect_open().await;
    source.expect("message", "first", "1").await;

    assert_eq!(source.next().await, Seen::Lost);
    assert_eq!(source.next().await, Seen::Closed);

    assert_eq!(source.ready_state().await, CLOSED);
    let requests = relay.requests("/stream");
    let ids: Vec<_> = requests.iter().map(|request| request.field("last-event-id")).collect();
    assert_eq!(ids, [None, Some("1")]);
}

/// Sees that a source on `path` is given up after one request.
async fn closes(target: &Target, path: &str) {
    let relay = Relay::start(target).await;
    let browser = Browser::at(&relay.origin()).await;
    closes_in(&browser, &relay, path).await;
}

async fn closes_in(browser: &Browser, relay: &Relay, path: &str) {
    let source = browser.open(path, &["ping"]).await;

    assert_eq!(source.next().await, Seen::Closed);
    assert_eq!(source.ready_state().await, CLOSED);
    assert_eq!(relay.requests(path).len(), 1);
}

const CLOSED: u8 = 2;
