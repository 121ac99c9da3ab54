//! "`Content-Type: application/x-ndjson` in JSON formats: one event a line, all or nothing."

use super::{epoch, event, field, post_with, remembering};
use crate::{EventFormat, Setup, Target, contract::expect};

const NDJSON: [(&str, &str); 1] = [("Content-Type", "application/x-ndjson; charset=utf-8")];

fn json() -> Setup {
    Setup { format: EventFormat::Json, ..remembering() }
}

/// "Contiguous ids; `Sse-Id` is the last; empty lines are ignored."
pub async fn each_line_is_an_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(json()).await;
    let mut listener = target.listen("42").await;

    let answer = post_with(&target, "/ping/42", &NDJSON, "{ \"a\": 1 }\r\n\n[2]\n").await;

    let last = field(&answer, "sse-id");
    assert!(last.starts_with("2."), "{last}");
    let first = format!("1.{}", epoch(&last));
    listener.expect(&(event(&first, "{\"a\":1}") + &event(&last, "[2]"))).await;
}

/// "All or nothing."
pub async fn one_bad_line_refuses_all(start: impl AsyncFn(Setup) -> Target) {
    let target = start(json()).await;
    let refused = post_with(&target, "/ping/42", &NDJSON, "1\n2\nthree\n").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("line 3"), "{refused:?}");

    let empty = post_with(&target, "/ping/42", &NDJSON, "\n \n").await;
    assert_eq!(empty.status(), 400, "{empty:?}");

    let answer = target.post("ping", "42", "1").await;
    assert!(field(&answer, "sse-id").starts_with("1."), "no id was used");
}

/// "413, a batch of more than `--max-batch` events (10,000)": all of it, and to the event.
pub async fn a_batch_has_at_most_10_000_events(start: impl AsyncFn(Setup) -> Target) {
    let target = start(json()).await;
    let mut listener = target.listen("42").await;

    let refused = post_with(&target, "/ping/42", &NDJSON, &"1\n".repeat(10_001)).await;
    let largest = post_with(&target, "/ping/42", &NDJSON, &"1\n\n".repeat(10_000)).await;

    expect::refusal(&refused, "413: Payload Too Large", "Data is too large");
    let last = field(&largest, "sse-id");
    assert!(last.starts_with("10000."), "no id was used: {last}");
    for seq in 1..=10_000 {
        listener.expect(&event(&format!("{seq}.{}", epoch(&last)), "1")).await;
    }
}

/// "413, [...] more than the channel's log can hold": who had read everything goes on listening.
pub async fn a_batch_that_the_log_cannot_hold_is_refused(start: impl AsyncFn(Setup) -> Target) {
    for hub in [super::share, super::remember] {
        let setup = Setup { max_channel_bytes: 64 << 10, hub, ..json() };
        let target = start(setup).await;
        let mut listeners = [target.listen("42").await, target.listen("42").await];
        // The frames of a thousand short lines take much more than the lines.
        let refused = post_with(&target, "/ping/42", &NDJSON, &"1\n".repeat(1_000)).await;
        expect::refusal(&refused, "413: Payload Too Large", "Data is too large");

        let answer = target.post("ping", "42", "1").await;

        let id = answer.head.field("sse-id").map_or(String::new(), |id| format!("id: {id}\n"));
        assert!(id.is_empty() || id.starts_with("id: 1."), "no id was used: {id}");
        for listener in &mut listeners {
            listener.expect(&format!("event: ping\ndata: 1\n{id}\n")).await;
        }
    }
}

/// In the string format a body is a body.
pub async fn in_the_string_format_it_is_one_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let answer = post_with(&target, "/ping/42", &NDJSON, "1\n2").await;
    let id = field(&answer, "sse-id");

    let mut listener = target.listen_at("/poll/42?since=1").await;

    let _anchor = listener.block().await;
    listener.expect(&format!("event: ping\ndata: 1\ndata: 2\nid: {id}\n\n")).await;
}
