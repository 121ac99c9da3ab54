//! How a path is split, and what around it does not count.

use crate::{Listener, Setup, Target, contract::expect, head, post};

/// "Exactly two path segments. [...] Anything else: 400, and the body says what is wrong."
pub async fn a_path_has_exactly_two_segments(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for path in ["/poll", "/poll/", "//42", "/poll/42/", "/poll//42", "//poll/42", "//", "/a/b/c"] {
        for request in [head("GET", path, &[]).into_bytes(), post(path, b"hi")] {
            let refused = target.exchange(request).await;
            expect::escaped(&expect::reason(&refused, "400: Bad Request"));
        }
    }
}

/// "Both are percent-decoded after the split (so `a%2Fb` is the token `a/b`)."
pub async fn an_encoded_slash_belongs_to_the_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("a%2Fb").await;

    for (data, spelling) in ["a%2Fb", "a%2fb", "%61%2F%62"].into_iter().enumerate() {
        target.publish("ping", spelling, data.to_string()).await;
        listener.expect(&format!("event: ping\ndata: {data}\n\n")).await;
    }
    assert!(!target.has_listener("a").await);
}

/// "Both are percent-decoded": the action too.
pub async fn the_action_is_decoded(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut connection = target.connect().await;
    connection.send(head("GET", "/%70oll/42", &[])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200);
    let mut listener = Listener::new(connection, head).opened().await;
    target.publish("%70%69%6E%67", "42", "hi").await;

    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// "`+` is a plus."
pub async fn a_plus_is_a_plus(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("a+b").await;

    target.publish("ping", "a%2Bb", "hi").await;

    listener.expect("event: ping\ndata: hi\n\n").await;
    assert!(!target.has_listener("a%20b").await);
}

/// "A `%` that two hex digits do not follow is 400."
pub async fn a_bad_percent_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let segments = ["%", "%2", "a%", "a%4", "%zz", "%2g", "%g2", "%%20", "%+1", "%-1", "%4%31"];

    for bad in segments {
        for path in [format!("/poll/{bad}"), format!("/{bad}/42")] {
            for request in [head("GET", &path, &[]).into_bytes(), post(&path, b"hi")] {
                let refused = target.exchange(request).await;
                expect::escaped(&expect::reason(&refused, "400: Bad Request"));
            }
        }
    }
}

/// "The query string is not part of the token; unknown query parameters are ignored."
pub async fn the_query_is_ignored(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42?x=1").await;

    for query in ["", "?", "?y=2&x=1", "?a/b/c", "?%zz", "?a?b", "?%00"] {
        target.publish("ping", &format!("42{query}"), "hi").await;
        listener.expect("event: ping\ndata: hi\n\n").await;
    }

    assert_eq!(target.get("/?a=b").await.status(), 200);
    assert_eq!(target.get("/other/42?a=b").await.head.field("location"), Some("/"));
}

/// A request target may name the whole URL (RFC 9112, section 3.2.2), which changes nothing.
pub async fn an_absolute_target_is_the_same(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let url = |path: &str| format!("http://{}{path}", target.addr());

    let mut connection = target.connect().await;
    connection.send(head("GET", &url("/poll/a%2Fb?x=1"), &[])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200);
    let mut listener = Listener::new(connection, head).opened().await;
    let published = target.exchange(post(&url("/ping/a%2Fb"), b"hi")).await;

    expect::published(&published, "text/plain");
    listener.expect("event: ping\ndata: hi\n\n").await;
    assert_eq!(target.get(&url("/")).await.status(), 200);
    assert_eq!(target.get(&url("/other/42")).await.head.field("location"), Some("/"));
}
