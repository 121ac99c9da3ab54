//! Ids, resume and gaps.

use super::{epoch, event, field, gap, open, publish, remembering, resume};
use crate::{OPEN, Setup, Target, head};

/// "With history a POST is accepted (200) whether or not anyone listens", and answers `Sse-Id` and
/// `Sse-Listeners`.
pub async fn what_is_published_for_nobody_is_found_later(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let response = target.post("ping", "42", "1").await;
    assert_eq!((response.status(), field(&response, "sse-listeners")), (200, "0".to_owned()));
    let first = field(&response, "sse-id");
    assert!(first.starts_with("1."), "{first}");

    let mut listener = target.listen_at("/poll/42?since=earliest").await;

    let anchor = format!("0.{}", epoch(&first));
    assert_eq!(listener.head().field("sse-resume"), Some("fresh"));
    assert_eq!(listener.head().field("sse-last-event-id"), Some(&*anchor));
    listener.expect(&(open("fresh", &anchor) + &event(&first, "1"))).await;
    let response = target.post("ping", "42", "2").await;
    assert_eq!(field(&response, "sse-listeners"), "1");
    listener.expect(&event(&field(&response, "sse-id"), "2")).await;
}

/// The header, or `last_event_id` in the query, however it is written; "the header wins".
pub async fn who_comes_back_gets_what_it_missed(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let mut ids = Vec::new();
    for data in ["0", "1", "2"] {
        ids.push(publish(&target, "42", data).await);
    }
    let expected = open("ok", &ids[0]) + &event(&ids[1], "1") + &event(&ids[2], "2");
    for path in [
        format!("/poll/42?last_event_id={}", ids[0]),
        format!("/poll/42?a=b&lastEventId={}", ids[0]),
        format!("/poll/42?Last-Event-ID={}", ids[0]),
    ] {
        let mut listener = target.listen_at(&path).await;
        assert_eq!(listener.head().field("sse-resume"), Some("ok"), "{path}");
        listener.expect(&expected).await;
    }

    let path = format!("/poll/42?last_event_id={}&since=earliest", ids[2]);
    let mut listener = resume(&target, &path, &ids[0]).await;
    listener.expect(&expected).await;
}

/// "On a gap, before anything replayed: `event: sse.gap`."
pub async fn every_gap_is_told(start: impl AsyncFn(Setup) -> Target) {
    let history = |config| super::remember(config).with_history(few());
    let target = start(Setup { hub: history, ..Setup::default() }).await;
    let mut ids = Vec::new();
    for data in 0..6 {
        ids.push(publish(&target, "42", &data.to_string()).await);
    }
    let ours = epoch(&ids[0]).to_owned();
    let long = "9".repeat(65);
    for (last, reason, missed) in [
        (&*ids[0], "trimmed", "3"),
        (&*format!("7.{ours}"), "diverged", "null"),
        ("1.00000000", "diverged", "null"),
        ("nonsense", "unknown", "null"),
        (&*long, "unknown", "null"),
    ] {
        let mut listener = resume(&target, "/poll/42", last).await;
        assert_eq!(listener.head().field("sse-resume"), Some("gap"), "{last}");
        let gap = gap(reason, last, missed, &ids[3]).replace(&format!("\"{long}\""), "null");
        listener.expect(&(gap + &event(&ids[4], "4") + &event(&ids[5], "5"))).await;
    }
    let mut listener = resume(&target, "/poll/42", &ids[3]).await;
    assert_eq!(listener.head().field("sse-resume"), Some("ok"), "all that follows is there");
    listener.expect(&(open("ok", &ids[3]) + &event(&ids[4], "4"))).await;
}

/// "`?since=earliest`, `latest`, a number"; "anything else in `since` is 400".
pub async fn since_says_where_to_begin(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let mut ids = Vec::new();
    for data in ["0", "1", "2"] {
        ids.push(publish(&target, "42", data).await);
    }
    for (since, anchor) in [("latest", &ids[2]), ("0", &ids[2]), ("1", &ids[1]), ("2", &ids[0])] {
        let mut listener = target.listen_at(&format!("/poll/42?since={since}")).await;
        listener.expect(&open("fresh", anchor)).await;
    }
    let mut listener = target.listen_at("/poll/42?since=").await;
    listener.expect(&open("fresh", &ids[2])).await;
    for since in ["-1", "soon", "1.5", "99999999999999999999"] {
        let refused = target.get(&format!("/poll/42?since={since}")).await;
        assert_eq!(refused.status(), 400, "{since}: {refused:?}");
    }
}

/// "Without it Last-Event-ID is read and ignored, and no anchor, no `sse.gap`, no `Sse-Resume` and no
/// `Sse-Id` is sent."
pub async fn without_history_nothing_of_it_is_said(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = resume(&target, "/poll/42?since=soon", "1.abcdefgh").await;
    assert_eq!(listener.head().field("sse-resume"), None);
    assert_eq!(listener.head().field("sse-last-event-id"), None);

    let response = target.post("ping", "42", "1").await;
    for name in ["sse-id", "sse-listeners", "sse-duplicate"] {
        assert_eq!(response.head.field(name), None, "{name}");
    }
    listener.expect(&format!("{OPEN}event: ping\ndata: 1\nid: 0\n\n")).await;
}

/// "`retry` takes no seq and is not kept; a listener that comes later gets the channel's last value in
/// its first block."
pub async fn a_reconnection_time_is_told_in_the_first_block(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { retry: true, ..remembering() }).await;
    let id = publish(&target, "42", "1").await;
    target.publish("retry", "42", "1000").await;
    target.publish("retry", "42", "2000").await;

    let mut listener = target.listen_at("/poll/42?since=earliest").await;

    let zero = format!("0.{}", epoch(&id));
    let first = open("fresh", &zero).replace("3000", "2000");
    listener.expect(&(first + &event(&id, "1"))).await;
}

/// HEAD tells what a GET would, without listening.
pub async fn head_tells_the_verdict(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let id = publish(&target, "42", "1").await;

    let request = head("HEAD", "/poll/42", &[("Last-Event-ID", &id)]);
    let mut connection = target.connect().await;
    connection.send(request).await;
    let head = connection.head().await;

    assert_eq!(
        (head.field("sse-resume"), head.field("sse-last-event-id")),
        (Some("ok"), Some(&*id))
    );
}

fn few() -> sse_core::history::History {
    sse_core::history::History::new(42).with_max_events(2)
}
