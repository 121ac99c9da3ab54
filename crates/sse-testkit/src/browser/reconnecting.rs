//! A stream that ends is opened again by the browser, with the last event ID, after the delay that
//! `retry` has set.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use sse_core::{Event, HubConfig, channel::Mode, event::EventId, history::History};

use crate::{
    Setup, Streams, Target,
    chromium::{Browser, Seen},
    patience,
    relay::Relay,
};

/// The server drops the connection.
pub async fn a_lost_stream_is_opened_again_with_the_last_event_id(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::string_with_ids()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;
    for id in ["0", "1", "2"] {
        target.publish("ping", "42", "before").await;
        source.expect("ping", "before", id).await;
    }

    for round in 1..=3 {
        relay.cut();
        assert_eq!(source.next().await, Seen::Lost);
        source.expect_open().await;

        let requests = relay.requests("/poll/42");
        let ids = requests.iter().map(|request| request.field("last-event-id"));
        let expected = [None, Some("2"), Some("3"), Some("4")];
        assert_eq!(ids.collect::<Vec<_>>(), expected[..=round]);
        target.publish("ping", "42", "after").await;
        source.expect("ping", "after", &(2 + round).to_string()).await;
    }
}

/// No id was sent, so there is none to tell.
pub async fn a_lost_stream_without_ids_is_opened_again_without_one(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup { retry: true, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;
    target.publish("ping", "42", "before").await;
    source.expect("ping", "before", "").await;

    relay.cut();

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    let requests = relay.requests("/poll/42");
    assert_eq!((requests.len(), requests[1].field("last-event-id")), (2, None));
    target.publish("ping", "42", "after").await;
    source.expect("ping", "after", "").await;
}

/// "`POST /close/{token}`: the finish action: ends every listener's stream cleanly": which is no
/// reason for a browser to stay away.
pub async fn a_stream_that_was_closed_is_opened_again(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;
    target.publish("ping", "42", "before").await;
    source.expect("ping", "before", "0").await;

    target.publish("close", "42", "").await;

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    assert_eq!(relay.requests("/poll/42")[1].field("last-event-id"), Some("0"));
    target.publish("ping", "42", "after").await;
    source.expect("ping", "after", "1").await;
}

/// "Listeners get `retry: N`": more than Chromium's own 3 s, then less.
pub async fn retry_changes_the_delay(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { retry: true, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;
    let mut requests = 1;
    let mut delay = async |retry: Duration| {
        target.publish("retry", "42", retry.as_millis().to_string()).await;
        target.publish("ping", "42", "").await;
        source.expect("ping", "", "").await;
        let cut = Instant::now();
        relay.cut();
        assert_eq!(source.next().await, Seen::Lost);
        source.expect_open().await;
        requests += 1;
        let delay = relay.until_requests("/poll/42", requests).await[requests - 1].at - cut;
        assert!(retry <= delay, "{delay:?} for {retry:?}");
        delay
    };

    delay(OWN + Duration::from_millis(500)).await;
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        shortest = shortest.min(delay(Duration::from_millis(50)).await);
        if shortest < OWN {
            return;
        }
    }
    panic!("{shortest:?} at the shortest for 50 ms");
}

/// "A stream's `retry:` is never less than what is left of the window": of those that were connected and
/// those that come during the drain none is dead, and all meet the next server.
pub async fn all_sources_outlive_a_drain(start: impl AsyncFn(Setup) -> Target) {
    let remember = |hub: HubConfig| hub.with_mode(Mode::Shared).with_history(History::new(42));
    let setup = || Setup { hub: remember, drain: Duration::from_secs(2), ..Setup::default() };
    let (old, new) = (start(setup()).await, start(setup()).await);
    let relay = Relay::start(&old).await;
    let browser = Browser::at(&relay.origin()).await;
    let mut sources = Vec::new();
    for _ in 0..3 {
        let source = browser.open("/poll/42", &["ping"]).await;
        source.expect_open().await;
        sources.push(source);
    }
    let mut stopping = std::pin::pin!(old.stop());
    let _begun = tokio::time::timeout(Duration::from_millis(300), &mut stopping).await;
    for _ in 0..2 {
        // They meet a server that is about to go.
        let late = browser.open("/poll/42", &["ping"]).await;
        late.expect_open().await;
        sources.push(late);
    }

    relay.lead_to(&new);
    stopping.await;

    patience::until("all have come back", async || {
        let published = new.post("ping", "42", "back").await;
        published.head.field("sse-listeners") == Some("5")
    })
    .await;
    for source in &sources {
        while !matches!(source.next().await, Seen::Event { .. }) {}
    }
}

/// Cut before the first event, with something published meanwhile: the block that opened the stream has
/// told where it began.
pub async fn a_source_that_is_cut_before_the_first_event_loses_nothing(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(remembering()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping", "sse.gap"]).await;
    source.expect_open().await;
    let _keeps_the_channel = target.listen("42").await;

    relay.cut();
    let id = published(&target, "missed").await;

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    source.expect("ping", "missed", &id).await;
}

/// Cut in the middle of an event: it comes whole, and once.
pub async fn a_source_that_is_cut_in_an_event_gets_it_whole(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping", "sse.gap"]).await;
    source.expect_open().await;
    let data = "x".repeat(100_000);

    relay.cut_after(50_000);
    let id = published(&target, &data).await;

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    source.expect("ping", &data, &id).await;
    let id = published(&target, "next").await;
    source.expect("ping", "next", &id).await;
}

/// A stream that fails is lost, and opened again behind the last event that came.
pub async fn a_stream_that_failed_is_opened_again(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|last| {
        let event = |data, id| {
            let retry = Duration::from_millis(10);
            Event::data(data).with_id(EventId::from_static(id)).with_retry(retry)
        };
        let before = stream::iter([Ok(event("before", "1")), Err("lost".to_owned())]);
        let after = stream::iter([Ok(event("after", "2"))]).chain(stream::pending());
        Some(if last.is_none() { Box::pin(before) as _ } else { Box::pin(after) as _ })
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;

    let source = browser.open("/stream", &[]).await;

    source.expect_open().await;
    source.expect("message", "before", "1").await;
    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    source.expect("message", "after", "2").await;
    let requests = relay.requests("/stream");
    let ids: Vec<_> = requests.iter().map(|request| request.field("last-event-id")).collect();
    assert_eq!(ids, [None, Some("1")]);
}

fn remembering() -> Setup {
    let remember = |hub: HubConfig| {
        let hub = hub.with_mode(Mode::Shared).with_history(History::new(42));
        hub.with_retry(Duration::from_millis(10))
    };
    Setup { hub: remember, ..Setup::default() }
}

async fn published(target: &Target, data: &str) -> String {
    let response = target.post("ping", "42", data).await;
    let id = response.head.field("sse-id");
    id.unwrap_or_else(|| panic!("no id: {response:?}")).to_owned()
}

/// What Chromium waits unless it is told.
const OWN: Duration = Duration::from_secs(3);
