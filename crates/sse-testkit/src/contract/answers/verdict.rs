//! The moment that counts.

use crate::{Connection, Setup, Target, contract::expect, head};

/// "The verdict is that of the moment of publication: if the last listener left while the body was
/// arriving, 404."
pub async fn a_listener_that_leaves_while_the_body_arrives_is_gone(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::default()).await;
    let listener = target.listen("42").await;
    let mut connection = begin(&target, "/ping/42", 2, "h").await;

    drop(listener);
    target.until_left("42").await;
    connection.send("i").await;

    let refused = connection.response().await;
    expect::refusal(&refused, "404: Not Found", "Target is not connected");
}

/// "Nobody listens on (checked first)": at the moment of publication too, before the data.
pub async fn who_left_is_noticed_before_what_does_not_fit(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json_with_ids()).await;

    for action in ["ping", "retry"] {
        let listener = target.listen("42").await;
        let mut connection = begin(&target, &format!("/{action}/42"), 2, "n").await;

        drop(listener);
        target.until_left("42").await;
        connection.send("o").await;

        let refused = connection.response().await;
        expect::refusal(&refused, "404: Not Found", "Target is not connected");
    }
}

/// "The verdict is that of the moment of publication": the same for a channel that was closed.
pub async fn a_channel_closed_while_the_body_arrives_is_gone(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let mut connection = begin(&target, "/ping/42", 2, "h").await;

    target.publish("close", "42", "").await;
    connection.send("i").await;

    let refused = connection.response().await;
    expect::refusal(&refused, "404: Not Found", "Target is not connected");
    listener.expect_end().await;
}

/// "The verdict is that of the moment of publication": who listens by then receives.
pub async fn who_listens_when_the_body_has_arrived_receives(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let first = target.listen("42").await;
    let mut connection = begin(&target, "/ping/42", 2, "h").await;

    drop(first);
    target.until_left("42").await;
    let mut second = target.listen("42").await;
    connection.send("i").await;

    expect::published(&connection.response().await, "text/plain");
    second.expect("event: ping\ndata: hi\n\n").await;
}

/// "The verdict is that of the moment of publication": the order of events is that of the bodies'
/// ends, not of the heads.
pub async fn events_are_ordered_by_the_ends_of_their_bodies(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;
    let mut early = begin(&target, "/ping/42", 5, "earl").await;

    target.publish("ping", "42", "late").await;
    early.send("y").await;

    expect::published(&early.response().await, "text/plain");
    listener.expect("event: ping\ndata: late\nid: 0\n\nevent: ping\ndata: early\nid: 1\n\n").await;
}

/// "Nobody listens on (checked first)": the answer comes before the body.
pub async fn nobody_listens_is_answered_before_the_body(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let refused = target.exchange(crate::post_head("/ping/42", 10)).await;

    expect::refusal(&refused, "404: Not Found", "Target is not connected");
}

/// A POST to `path` with a body of `len` bytes, whose head the server has judged and `begun` is sent of its body.
///
/// A server says that it waits for a body when it has read the head. No pause would be sure.
async fn begin(target: &Target, path: &str, len: usize, begun: &str) -> Connection {
    let mut connection = target.connect().await;
    let fields = [("Content-Length", &*len.to_string()), ("Expect", "100-continue")];
    connection.send(head("POST", path, &fields)).await;
    assert_eq!(connection.head().await.status, 100);
    connection.send(begun).await;
    connection
}
