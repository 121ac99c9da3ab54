//! "With `-i`, ids are one decimal counter for the whole server, from 0, shared by all channels, in
//! order of publication, advanced only by events that were accepted."

use crate::{Setup, Target, post};

/// "One decimal counter for the whole server, from 0, shared by all channels."
pub async fn one_counter_serves_all_channels(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listeners = [target.listen("a").await, target.listen("b").await];

    for id in 0..12 {
        let at = id % 2;
        target.publish("ping", ["a", "b"][at], "hi").await;
        listeners[at].expect(&format!("event: ping\ndata: hi\nid: {id}\n\n")).await;
    }
}

/// "For the whole server": the count outlives the channels.
pub async fn the_count_outlives_a_channel(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json_with_ids()).await;

    for id in 0..5 {
        let mut listener = target.listen("42").await;
        target.publish("ping", "42", "1").await;
        listener.expect(&format!("event: ping\ndata: 1\nid: {id}\n\n")).await;
        target.publish("close", "42", "").await;
    }
}

/// "Advanced only by events that were accepted."
pub async fn a_refused_event_takes_no_id(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_body: 10, ..Setup::json_with_ids() }).await;
    let mut listener = target.listen("42").await;
    let refusals = [
        ("/ping/42", "no json", 400),
        ("/ping/42", "", 400),
        ("/retry/42", "never", 400),
        ("/pong/42", "1", 404),
        ("/poll/42", "1", 404),
        ("/ping/nobody", "1", 404),
        ("/ping/42", "12345678901", 413),
    ];

    for (path, body, status) in refusals {
        assert_eq!(target.exchange(post(path, body.as_bytes())).await.status(), status, "{path}");
    }
    target.publish("ping", "42", "1").await;

    listener.expect("event: ping\ndata: 1\nid: 0\n\n").await;
}

/// "`retry` and `close` are no events: they take no id."
pub async fn retry_and_close_take_no_id(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;

    target.publish("ping", "42", "hi").await;
    target.publish("retry", "42", "1000").await;
    target.publish("ping", "42", "hi").await;
    target.publish("close", "42", "").await;
    listener.expect("event: ping\ndata: hi\nid: 0\n\n").await;
    listener.expect("retry: 1000\n\n").await;
    listener.expect("event: ping\ndata: hi\nid: 1\n\n").await;
    listener.expect_end().await;

    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\nid: 2\n\n").await;
}

/// "In order of publication": whoever publishes at the same time, a stream counts up without a gap.
pub async fn ids_rise_along_the_stream(start: impl AsyncFn(Setup) -> Target) {
    const PUBLISHERS: usize = 4;
    const EVENTS: usize = 250;
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;
    let mut publishers = tokio::task::JoinSet::new();

    for _ in 0..PUBLISHERS {
        let mut connection = target.connect().await;
        publishers.spawn(async move {
            for _ in 0..EVENTS {
                connection.send(post("/ping/42", b"hi")).await;
                assert_eq!(connection.response().await.status(), 200);
            }
        });
    }

    for id in 0..PUBLISHERS * EVENTS {
        listener.expect(&format!("event: ping\ndata: hi\nid: {id}\n\n")).await;
    }
    publishers.join_all().await;
}
