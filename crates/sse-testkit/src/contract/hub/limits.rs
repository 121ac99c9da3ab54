//! "503 + `Retry-After`, never evicting a listener."

use sse_core::{HubConfig, Mode};

use super::publish;
use crate::{Response, Setup, Target};

/// `--max-channels`, `--max-listeners`, `--max-listeners-per-channel`.
pub async fn who_comes_when_it_is_full_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config: HubConfig| {
        let config = config.with_mode(Mode::Shared).with_max_channels(2);
        config.with_max_listeners(3).with_max_channel_listeners(2)
    };
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let mut first = target.listen("a").await;
    let _second = target.listen("a").await;
    assert_full(&target.get("/poll/a").await, "2 listeners on this channel");
    let _third = target.listen("b").await;
    assert_full(&target.get("/poll/b").await, "3 listeners");
    assert_full(&target.get("/poll/c").await, "2 channels");

    target.publish("ping", "a", "hi").await;
    first.expect("event: ping\ndata: hi\n\n").await;
}

/// `--max-history-bytes`: "the oldest histories of channels that nobody listens to go first [...], 503
/// only when that frees nothing".
pub async fn the_oldest_history_goes_first(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config| super::remember(config).with_max_history_bytes(10_000);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let body = "x".repeat(2_000);
    let oldest = publish(&target, "oldest", &body).await;
    for token in ["b", "c", "d", "e", "f"] {
        publish(&target, token, &body).await;
    }

    let path = format!("/poll/oldest?last_event_id={oldest}");
    let mut back = target.listen_at(&path).await;
    assert_eq!(back.head().field("sse-resume"), Some("gap"));
    assert!(back.block().await.contains("\"diverged\""));
    let mut heard = Vec::new();
    for token in ["b", "c", "d", "e", "f"] {
        heard.push(target.listen(token).await);
    }
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(target.post("ping", "oldest", &body).await);
    }
    let refused = answers.iter().find(|answer| answer.status() != 200).expect("it is full");
    assert_full(refused, "10000 bytes of history");
}

fn assert_full(response: &Response, what: &str) {
    assert_eq!(response.status(), 503, "{response:?}");
    let after = response.head.field("retry-after").and_then(|after| after.parse::<u64>().ok());
    assert!(after.is_some_and(|after| 0 < after), "{response:?}");
    assert!(response.text().contains(what), "{response:?}");
}
