//! What a hub says to an `EventSource` that knows nothing of it.

use std::time::Duration;

use sse_core::{HubConfig, channel::Mode, history::History};
use tokio::time::sleep;

use crate::{
    Setup, Target,
    chromium::{Browser, Seen},
    relay::Relay,
};

/// "Nothing lost, nothing twice, whatever is published meanwhile."
pub async fn a_source_that_comes_back_gets_what_it_missed(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { retry: true, hub: remember, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["ping", "sse.gap"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;
    let mut published = 0;
    for _ in 0..3 {
        let id = publish(&target, published).await;
        source.expect("ping", &published.to_string(), &id).await;
        relay.cut();
        let mut missed = Vec::new();
        for _ in 0..5 {
            published += 1;
            missed.push((published.to_string(), publish(&target, published).await));
        }
        assert_eq!(source.next().await, Seen::Lost);
        source.expect_open().await;
        for (data, id) in missed {
            source.expect("ping", &data, &id).await;
        }
        published += 1;
    }
}

/// "Every gap is announced": as an event with the id from which it goes on.
pub async fn a_gap_is_an_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { hub: remember, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let first = publish(&target, 1).await;
    let (_seq, epoch) = first.split_once('.').expect("a position");

    let source = browser.open("/poll/42?last_event_id=foreign", &["ping", "sse.gap"]).await;

    source.expect_open().await;
    let gap = "{\"reason\":\"unknown\",\"requested\":\"foreign\",\"missed\":null}";
    source.expect("sse.gap", gap, &format!("0.{epoch}")).await;
    source.expect("ping", "1", &first).await;
}

/// "`retry: 86400000` in one block, so that an unaware client does not fight back."
pub async fn a_source_that_is_taken_over_stays_away(start: impl AsyncFn(Setup) -> Target) {
    let takeover = |hub: HubConfig| hub.with_mode(Mode::Takeover);
    let target = start(Setup { hub: takeover, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let old = browser.open("/poll/42", &["ping", "sse.replaced"]).await;
    old.expect_open().await;

    let new = browser.open("/poll/42", &["ping", "sse.replaced"]).await;

    new.expect_open().await;
    old.expect("sse.replaced", "{}", "").await;
    assert_eq!(old.next().await, Seen::Lost);
    // Longer than Chromium waits unless it is told.
    sleep(Duration::from_millis(3_500)).await;
    assert_eq!(relay.requests("/poll/42").len(), 2);
    target.publish("ping", "42", "hi").await;
    new.expect("ping", "hi", "").await;
}

/// "A GET on the closed token answers 204 for that time, which stops browsers for good."
pub async fn a_closed_channel_stops_the_source_for_good(start: impl AsyncFn(Setup) -> Target) {
    let closing = |hub: HubConfig| hub.with_closed_ttl(Some(Duration::from_secs(60)));
    let target = start(Setup { retry: true, hub: closing, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let source = browser.open("/poll/42", &["sse.end"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;

    target.publish("close", "42", "").await;

    source.expect("sse.end", "{}", "").await;
    assert_eq!(source.next().await, Seen::Lost);
    assert_eq!(source.next().await, Seen::Closed);
    assert_eq!(relay.requests("/poll/42").len(), 2);
}

fn remember(hub: HubConfig) -> HubConfig {
    hub.with_history(History::new(42))
}

/// Publishes `number` and returns the id that it was given.
async fn publish(target: &Target, number: u32) -> String {
    let response = target.post("ping", "42", number.to_string()).await;
    let id = response.head.field("sse-id");
    id.unwrap_or_else(|| panic!("no id: {response:?}")).to_owned()
}
