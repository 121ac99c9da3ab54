//! The table of formats, row by row.

use crate::{Setup, Target, contract::expect};

/// "string: actions `ping`, `close`; `text/plain`; the body, one `data:` line per line." "Without
/// `-i` [...] there is no `id:` line."
pub async fn string(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    expect::published(&target.post("ping", "42", "21.5\n22.0").await, "text/plain");
    listener.expect("event: ping\ndata: 21.5\ndata: 22.0\n\n").await;
    has_no_retry(&target).await;
    expect::published(&target.post("close", "42", "").await, "text/plain");
    listener.expect_end().await;
}

/// "string + id: actions `ping`, `retry`, `close`; `text/plain`; the same, with `id:`." "Field
/// order: `id`, `event`, `data`. Line end: LF."
pub async fn string_with_ids(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;

    expect::published(&target.post("ping", "42", "21.5\n22.0").await, "text/plain");
    listener.expect("event: ping\ndata: 21.5\ndata: 22.0\nid: 0\n\n").await;
    expect::published(&target.post("retry", "42", "5000").await, "text/plain");
    listener.expect("retry: 5000\n\n").await;
    expect::published(&target.post("close", "42", "").await, "text/plain");
    listener.expect_end().await;
}

/// "JSON: actions `ping`, `close`; `application/json`; the JSON value on one line."
pub async fn json(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json()).await;
    let mut listener = target.listen("42").await;

    expect::published(&target.post("ping", "42", "[1,\n2]").await, "application/json");
    listener.expect("event: ping\ndata: [1,2]\n\n").await;
    has_no_retry(&target).await;
    expect::published(&target.post("close", "42", "").await, "application/json");
    listener.expect_end().await;
}

/// "JSON + id: actions `ping`, `retry`, `close`; `application/json`; the same, with `id:`."
pub async fn json_with_ids(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json_with_ids()).await;
    let mut listener = target.listen("42").await;

    expect::published(&target.post("ping", "42", "[1,\n2]").await, "application/json");
    listener.expect("event: ping\ndata: [1,2]\nid: 0\n\n").await;
    expect::published(&target.post("retry", "42", "5000").await, "application/json");
    listener.expect("retry: 5000\n\n").await;
    expect::published(&target.post("close", "42", "").await, "application/json");
    listener.expect_end().await;
}

async fn has_no_retry(target: &Target) {
    let refused = target.post("retry", "42", "5000").await;
    expect::refusal(&refused, "404: Not Found", "Unknown action requested");
}
