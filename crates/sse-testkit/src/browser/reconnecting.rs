//! A stream that ends is opened again by the browser, with the last event ID, after the delay that
//! `retry` has set.

use std::time::{Duration, Instant};

use crate::{
    Setup, Target,
    chromium::{Browser, Seen},
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

/// What Chromium waits unless it is told.
const OWN: Duration = Duration::from_secs(3);
