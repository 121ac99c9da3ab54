//! "Browsers that cannot listen now": an `EventSource` is closed for good by anything but 200.

use std::time::Duration;

use crate::{Response, Setup, Target, contract::expect, head};

/// "Gets 200 instead: `Cache-Control: no-store`, `Sse-Refused: 423`, one block"; "taken: 3 to 10 s,
/// drawn"; "everyone else gets the status".
pub async fn a_browser_is_told_in_a_stream_that_the_token_is_taken(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    for fields in [&CHROMIUM[..], &OLD_BROWSER[..]] {
        let retry = told(&target.exchange(head("GET", "/poll/42", fields)).await, "423");
        let drawn = Duration::from_secs(3)..=Duration::from_secs(10);
        assert!(drawn.contains(&retry), "{retry:?}");
    }
    let refused = target.exchange(head("GET", "/poll/42", &PROGRAM)).await;
    expect::refusal(&refused, "423: Locked", "Target is already connected");
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// "Limits: 15 to 60 s, drawn."
pub async fn a_browser_is_told_in_a_stream_that_the_server_is_full(
    start: impl AsyncFn(Setup) -> Target,
) {
    let full = |config: sse_core::HubConfig| config.with_max_listeners(1);
    let target = start(Setup { hub: full, ..Setup::default() }).await;
    let _listener = target.listen("42").await;

    let retry = told(&target.exchange(head("GET", "/poll/43", &CHROMIUM)).await, "503");

    let drawn = Duration::from_secs(15)..=Duration::from_secs(60);
    assert!(drawn.contains(&retry), "{retry:?}");
    let refused = target.exchange(head("GET", "/poll/43", &PROGRAM)).await;
    assert_eq!(refused.status(), 503, "{refused:?}");
}

/// A connection on which a browser was refused is used again.
pub async fn the_connection_of_a_refused_browser_goes_on(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;
    let mut connection = target.connect().await;

    for _ in 0..3 {
        connection.send(head("GET", "/poll/42", &CHROMIUM)).await;
        told(&connection.response().await, "423");
    }
}

/// The reconnection time in the stream that tells of the refusal `status`.
fn told(response: &Response, status: &str) -> Duration {
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(response.head.field("cache-control"), Some("no-store"));
    assert_eq!(response.head.field("content-type"), Some("text/event-stream"));
    assert_eq!(response.head.field("sse-refused"), Some(status));
    let retry = response
        .text()
        .strip_prefix("event: sse.refused\nretry: ")
        .and_then(|rest| rest.strip_suffix(&format!("\ndata: {{\"status\":{status}}}\n\n")));
    let retry = retry.and_then(|millis| millis.parse().ok());
    Duration::from_millis(retry.unwrap_or_else(|| panic!("{response:?}")))
}

const CHROMIUM: [(&str, &str); 3] = [
    ("Accept", "text/event-stream"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "same-origin"),
];
const OLD_BROWSER: [(&str, &str); 2] =
    [("Accept", "text/event-stream"), ("User-Agent", "Mozilla/5.0 (Macintosh)")];
const PROGRAM: [(&str, &str); 2] =
    [("Accept", "text/event-stream"), ("User-Agent", "eventsource-client/0.1.0")];
