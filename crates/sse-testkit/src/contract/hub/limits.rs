//! "503 + `Retry-After`, never evicting a listener", and what gives way before that.

use sse_core::{HubConfig, channel::Mode};

use super::{epoch, event, gap, publish, remember, resume};
use crate::{Connection, Response, Setup, Target, head, patience};

/// `--max-channels`, `--max-listeners`, `--max-listeners-per-channel`.
pub async fn who_comes_when_it_is_full_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config: HubConfig| {
        let config = config.with_mode(Mode::Shared).with_max_channels(2);
        config.with_max_listeners(5).with_max_channel_listeners(3)
    };
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let (mut first, mut others) = (target.listen("a").await, Vec::new());
    for (token, full, what) in [
        ("b", "/poll/c", "2 channels"),
        ("a", "/poll/c", "2 channels"),
        ("a", "/poll/a", "3 listeners on this channel"),
        ("b", "/poll/b", "5 listeners"),
    ] {
        others.push(target.listen(token).await);
        assert_full(&target.get(full).await, what);
    }

    target.publish("ping", "a", "hi").await;
    first.expect("event: ping\ndata: hi\n\n").await;
}

/// `--max-listeners`: a listener that was replaced costs something as long as its connection lives.
pub async fn who_was_replaced_counts_until_it_has_gone(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config: HubConfig| config.with_mode(Mode::Takeover).with_max_listeners(2);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let stalled = target.listen_on(Connection::open_narrow(target.addr()).await, "42").await;
    let data = "x".repeat(1 << 20);
    for _ in 0..14 {
        target.publish("ping", "42", &data).await;
    }
    let mut newcomer = target.listen("42").await;

    assert_full(&target.get("/poll/other").await, "2 listeners");

    drop(stalled);
    patience::until("there is room again", async || {
        let mut connection = target.connect().await;
        connection.send(target.listen_request("other")).await;
        connection.head().await.status == 200
    })
    .await;
    target.publish("ping", "42", "hi").await;
    newcomer.expect("event: ping\ndata: hi\n\n").await;
}

/// `--max-history-bytes`: "live traffic first: the largest windows shrink, listened to or not", and who comes
/// back is told of it.
pub async fn a_full_history_refuses_nothing(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config| remember(config).with_max_history_bytes(10_000);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let tokens = ["a", "b", "c", "d"];
    let mut listeners = Vec::new();
    for token in tokens {
        listeners.push(target.listen(token).await);
    }
    let data = "x".repeat(1_000);

    let mut ids = Vec::new();
    for _ in 0..25 {
        for (token, listener) in tokens.iter().zip(&mut listeners) {
            ids.push(publish(&target, token, &data).await);
            listener.expect(&event(&ids[ids.len() - 1], &data)).await;
        }
    }

    // The newest of the last channel is there, the oldest is not, and what is not is counted.
    let ids: Vec<_> = ids.into_iter().skip(tokens.len() - 1).step_by(tokens.len()).collect();
    let mut back = resume(&target, "/poll/d", &ids[0]).await;
    assert_eq!(back.head().field("sse-resume"), Some("gap"));
    let anchor = back.head().field("sse-last-event-id").expect("a place to begin").to_owned();
    let before = ids.iter().position(|id| *id == anchor).expect("it is one of the ids");
    assert!((1..24).contains(&before), "something is kept, and not all: {before}");
    let kept = ids[before + 1..].iter().map(|id| event(id, &data)).collect::<String>();
    back.expect(&(gap("trimmed", &ids[0], &before.to_string(), &anchor) + &kept)).await;
}

/// An event that is larger than all histories together is delivered, and forgotten.
pub async fn an_event_larger_than_all_histories_is_delivered(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config| remember(config).with_max_history_bytes(10_000);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    let data = "x".repeat(100_000);

    for _ in 0..3 {
        let id = publish(&target, "42", &data).await;
        listener.expect(&event(&id, &data)).await;
        assert_eq!(verdict(&target, "42", &id).await, "ok");
    }
}

/// `--max-channels`: "the oldest that nobody listens on give way [...]; their tombstones stay".
pub async fn the_channel_used_longest_ago_gives_way(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config| remember(config).with_max_channels(4);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    let mut listener = target.listen("heard").await;
    let (oldest, next) = (publish(&target, "a", "1").await, publish(&target, "b", "1").await);
    publish(&target, "c", "1").await;
    let used = publish(&target, "a", "2").await;

    let fresh = publish(&target, "d", "1").await;

    // A channel that is there proves all that it remembers, one that has given way its last position.
    for (token, id, expected) in
        [("a", &oldest, "ok"), ("a", &used, "ok"), ("b", &next, "ok"), ("d", &fresh, "ok")]
    {
        assert_eq!(verdict(&target, token, id).await, expected, "{token} at {id}");
    }
    let start_of = |id: &str| format!("0.{}", epoch(id));
    for (token, id, expected) in [("a", &oldest, "ok"), ("b", &next, "gap"), ("d", &fresh, "ok")] {
        assert_eq!(verdict(&target, token, &start_of(id)).await, expected, "{token}");
    }
    let id = publish(&target, "heard", "hi").await;
    listener.expect(&event(&id, "hi")).await;
}

/// "At the limit of channels the oldest that nobody listens on give way": tokens that somebody makes up shut
/// nobody out.
pub async fn made_up_tokens_shut_nobody_out(start: impl AsyncFn(Setup) -> Target) {
    let limited = |config| remember(config).with_max_channels(10);
    let target = start(Setup { hub: limited, ..Setup::default() }).await;
    for number in 0..50 {
        publish(&target, &format!("made-up-{number}"), "x").await;
    }

    let mut listeners = Vec::new();
    for number in 0..10 {
        listeners.push(target.listen(&format!("{number}")).await);
    }

    assert_full(&target.get("/poll/other").await, "10 channels");
    assert_full(&target.post("ping", "other", "x").await, "10 channels");
    for (number, listener) in listeners.iter_mut().enumerate() {
        let id = publish(&target, &number.to_string(), "hi").await;
        listener.expect(&event(&id, "hi")).await;
    }
}

/// What a client that comes back to `token` with `id` would be told.
async fn verdict(target: &Target, token: &str, id: &str) -> String {
    let mut connection = target.connect().await;
    let path = target.setup().path("poll", token);
    connection.send(head("HEAD", &path, &[("Last-Event-ID", id)])).await;
    let head = connection.head().await;
    head.field("sse-resume").unwrap_or_else(|| panic!("no verdict: {head:?}")).to_owned()
}

fn assert_full(response: &Response, what: &str) {
    assert_eq!(response.status(), 503, "{response:?}");
    let after = response.head.field("retry-after").and_then(|after| after.parse::<u64>().ok());
    assert!(after.is_some_and(|after| 0 < after), "{response:?}");
    assert!(response.text().contains(what), "{response:?}");
}
