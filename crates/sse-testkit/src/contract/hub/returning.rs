//! "A channel that the hub forgets (nobody listens, nothing remembered) leaves a tombstone."

use std::time::Duration;

use sse_core::{HubConfig, history::History};
use tokio::time::sleep;

use super::{epoch, event, gap, open, publish, remember, remembering, resume};
use crate::{Listener, Setup, Target};

/// "Its last position, also 0": where nothing was ever published, nothing was missed.
pub async fn a_channel_without_events_goes_on_where_it_was(start: impl AsyncFn(Setup) -> Target) {
    // The token of an exclusive channel is free, and the channel forgotten, before another can listen.
    let exclusive = |config: HubConfig| config.with_history(History::new(42));
    let target = start(Setup { hub: exclusive, ..Setup::default() }).await;
    let listener = target.listen("42").await;
    let anchor = anchor(&listener);
    assert!(anchor.starts_with("0."), "{anchor}");
    drop(listener);

    for _ in 0..3 {
        let mut listener = resume(&target, "/poll/42", &anchor).await;
        assert_eq!(listener.head().field("sse-resume"), Some("ok"));
        listener.expect(&open("ok", &anchor)).await;
    }

    let mut listener = resume(&target, "/poll/42", &anchor).await;
    let id = publish(&target, "42", "1").await;
    assert_eq!(id, format!("1.{}", epoch(&anchor)), "its life goes on");
    listener.expect(&(open("ok", &anchor) + &event(&id, "1"))).await;
}

/// "A client that comes back with exactly that position has missed nothing"; one from before it is told how
/// many events it has missed.
pub async fn a_forgotten_channel_goes_on_where_it_was(start: impl AsyncFn(Setup) -> Target) {
    let short = |config| remember(config).with_history(History::new(42).with_max_age(Some(AGE)));
    let target = start(Setup { hub: short, ..Setup::default() }).await;
    let mut ids = Vec::new();
    for data in ["1", "2", "3"] {
        ids.push(publish(&target, "42", data).await);
    }
    sleep(AGE + Duration::from_millis(50)).await;

    let mut same = resume(&target, "/poll/42", &ids[2]).await;
    assert_eq!(same.head().field("sse-resume"), Some("ok"));
    let mut before = resume(&target, "/poll/42", &ids[0]).await;
    assert_eq!(before.head().field("sse-resume"), Some("gap"));

    let next = publish(&target, "42", "4").await;
    assert_eq!(next, format!("4.{}", epoch(&ids[2])), "its life goes on");
    same.expect(&(open("ok", &ids[2]) + &event(&next, "4"))).await;
    let gap = gap("trimmed", &ids[0], "2", &ids[2]);
    before.expect(&(gap + &event(&next, "4"))).await;
}

/// "Minted for each life of a channel (when it is created, also again after `close`)": what was there before
/// is another channel's.
pub async fn a_closed_channel_does_not_go_on(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let id = publish(&target, "42", "1").await;
    target.publish("close", "42", "").await;

    let mut listener = resume(&target, "/poll/42", &id).await;

    assert_eq!(listener.head().field("sse-resume"), Some("gap"));
    let anchor = anchor(&listener);
    assert_ne!(epoch(&anchor), epoch(&id));
    listener.expect(&gap("diverged", &id, "null", &anchor)).await;
    assert_eq!(publish(&target, "42", "1").await, format!("1.{}", epoch(&anchor)));
}

fn anchor(listener: &Listener) -> String {
    listener.head().field("sse-last-event-id").expect("a place to begin").to_owned()
}

const AGE: Duration = Duration::from_millis(300);
