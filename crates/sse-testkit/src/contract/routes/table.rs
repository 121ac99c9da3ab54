//! The table of routes, row by row.

use crate::{Setup, Target, contract::expect};

/// "`GET /poll/{token}`: listen."
pub async fn get_poll_listens(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let listener = target.listen("42").await;

    assert_eq!(listener.head().field("content-type"), Some("text/event-stream"));
    assert!(target.has_listener("42").await);
}

/// "`poll` is the listen action; the path segment is configurable."
pub async fn another_segment_can_listen(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { listen: "follow".to_owned(), ..Setup::default() }).await;

    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;

    listener.expect("event: ping\ndata: hi\n\n").await;
    assert_eq!(target.get("/poll/42").await.status(), 301, "`poll` is an ordinary segment now");
    let refused = target.post("follow", "42", "hi").await;
    expect::refusal(&refused, "404: Not Found", "Unknown action requested");
}

/// "`POST /{action}/{token}`, body = data: publish: `event: {action}`, `data: {body}`."
pub async fn post_publishes_the_body_under_the_action(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    target.publish("ping", "42", "21.5").await;

    listener.expect("event: ping\ndata: 21.5\n\n").await;
}

/// "`POST /{action}/{token}`": also under actions of one's own; the segment is percent-decoded.
pub async fn configured_actions_publish(start: impl AsyncFn(Setup) -> Target) {
    let actions = vec!["reading".to_owned(), "two words".to_owned(), "größe".to_owned()];
    let target = start(Setup { actions, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;

    for action in ["reading", "two%20words", "gr%C3%B6%C3%9Fe", "ping"] {
        target.publish(action, "42", "1").await;
    }

    for name in ["reading", "two words", "größe", "ping"] {
        listener.expect(&format!("event: {name}\ndata: 1\n\n")).await;
    }
}

/// "`POST /close/{token}`: the finish action: ends every listener's stream cleanly and forgets the
/// channel."
pub async fn close_ends_the_stream_and_forgets_the_channel(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "last").await;

    target.publish("close", "42", "").await;

    let refused = target.post("ping", "42", "hi").await;
    expect::refusal(&refused, "404: Not Found", "Target is not connected");
    listener.expect("event: ping\ndata: last\n\n").await;
    listener.expect_end().await;
}

/// "`POST /close/{token}`": whatever the body is, and without one.
pub async fn close_takes_any_body(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for body in [&b""[..], b"bye", b"\xFF\xFE", b"a\nb"] {
        let mut listener = target.listen("42").await;
        target.publish("close", "42", body).await;
        listener.expect_end().await;
    }
}

/// "`POST /retry/{token}`, body = milliseconds: the retry action: listeners get `retry: N`."
pub async fn retry_sets_the_reconnection_time(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { retry: true, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;

    target.publish("retry", "42", "5000").await;

    listener.expect("retry: 5000\n\n").await;
}

/// "`GET /{other}/{token}`: 301 to `/` (with `Cache-Control: no-store`, so that no cache keeps
/// it)."
pub async fn get_of_anything_else_goes_to_the_root(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for path in ["/other/42", "/ping/42", "/POLL/42", "/close/42", "/poll%20/42", "/a%2Fb/42"] {
        let moved = target.get(path).await;
        assert_eq!(moved.status(), 301, "{path}");
        assert_eq!(moved.head.field("location"), Some("/"), "{path}");
        assert_eq!(moved.head.field("cache-control"), Some("no-store"), "{path}");
    }
}

/// "`GET /`: a page that shows what this server is and how to use it."
pub async fn the_root_is_a_page(start: impl AsyncFn(Setup) -> Target) {
    let actions = vec!["reading".to_owned(), "<script>".to_owned()];
    let target = start(Setup { actions, ..Setup::default() }).await;

    let page = target.get("/").await;

    assert_eq!(page.status(), 200);
    assert_eq!(page.head.field("content-type"), Some("text/html; charset=utf-8"));
    for shown in ["<html", "/poll/", "/ping/", "/close/", "/reading/"] {
        assert!(page.text().contains(shown), "{shown} in {}", page.text());
    }
    assert!(!page.text().contains("<script>"), "{}", page.text());
}

/// "A path prefix can be configured (the 301 then goes to the prefix's root)."
pub async fn a_prefix_moves_every_route(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { prefix: "/api/events".to_owned(), ..Setup::default() }).await;

    let mut listener = target.listen("42").await;
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;

    let moved = target.get("/api/events/other/42").await;
    assert_eq!((moved.status(), moved.head.field("cache-control")), (301, Some("no-store")));
    let root = moved.head.field("location").expect("a 301 has a location");
    assert_eq!(root.trim_end_matches('/'), "/api/events");
    let page = target.get(root).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("/api/events/poll/"), "{}", page.text());
}

/// "A path prefix can be configured": what is not below it is not served.
pub async fn nothing_is_served_outside_the_prefix(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { prefix: "/api".to_owned(), ..Setup::default() }).await;
    let _listener = target.listen("42").await;

    for path in ["/poll/42", "/apipoll/42", "/ap/poll/42", "/API/poll/43", "/apis/poll/43"] {
        let status = target.get(path).await.status();
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    let status = target.exchange(crate::post("/ping/42", b"hi")).await.status();
    assert!((400..500).contains(&status), "{status}");
}
