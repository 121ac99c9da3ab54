//! Methods other than GET and POST.

use std::collections::BTreeSet;

use crate::{Connection, Head, Setup, Target, contract::expect, head};

/// "Other methods: 405 with `Allow`."
pub async fn other_methods_are_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;

    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "LISTEN", "get"] {
        for path in ["/poll/42", "/ping/42", "/other/42"] {
            let refused = target.exchange(head(method, path, &[])).await;
            assert_eq!(allowed(&refused.head), BTreeSet::from(["GET", "HEAD", "POST"]), "{method}");
            expect::escaped(&expect::reason(&refused, "405: Method Not Allowed"));
        }
    }
    assert!(target.has_listener("42").await);
}

/// "Other methods: 405 with `Allow`": the root takes no POST.
pub async fn the_root_is_only_read(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = head(method, "/", &[("Content-Length", "0")]);
        let refused = target.exchange(request).await;
        assert_eq!(refused.status(), 405, "{method}");
        assert_eq!(allowed(&refused.head), BTreeSet::from(["GET", "HEAD"]), "{method}");
    }
}

/// "`HEAD` answers like GET everywhere, without a body."
pub async fn head_answers_like_get_without_a_body(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("taken").await;

    for path in ["/", "/other/42", "/poll/taken", "/poll/%zz", "/poll", "/poll/a/b"] {
        let like = target.get(path).await.head;
        let mut connection = target.connect().await;
        let answer = ask(&mut connection, path).await;
        assert_eq!((answer.status, &answer.reason), (like.status, &like.reason), "{path}");
        assert_eq!(expect::unframed(&answer), expect::unframed(&like), "{path}");
        if let Some(len) = answer.field("content-length") {
            assert_eq!(Some(len), like.field("content-length"), "{path}");
        }
        expect_no_body(&mut connection, &answer).await;
    }
}

/// "`HEAD` [...] without Content-Length on a listen URL, and without taking the channel."
pub async fn head_of_a_listen_url_takes_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut connection = target.connect().await;
    let answer = ask(&mut connection, "/poll/42").await;

    assert_eq!((answer.status, answer.field("content-length")), (200, None));
    let fields = [
        "cache-control: no-cache, no-transform",
        "content-type: text/event-stream",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
    ];
    assert_eq!(expect::unframed(&answer), fields);
    assert!(!target.has_listener("42").await);
    expect_no_body(&mut connection, &answer).await;
    let _listener = target.listen("42").await;
}

/// "`HEAD` answers like GET everywhere": 423 for a channel that is taken, whose stream goes on.
pub async fn head_does_not_disturb_the_listener(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    let answer = ask(&mut target.connect().await, "/poll/42").await;
    target.publish("ping", "42", "hi").await;

    assert_eq!(answer.status, 423);
    listener.expect("event: ping\ndata: hi\n\n").await;
}

async fn ask(connection: &mut Connection, path: &str) -> Head {
    connection.send(head("HEAD", path, &[])).await;
    connection.head().await
}

/// Either the connection ends here, or what comes next is the next answer.
async fn expect_no_body(connection: &mut Connection, answer: &Head) {
    if answer.field("connection") == Some("close") {
        connection.end().await;
    } else {
        connection.send(head("GET", "/other/42", &[])).await;
        assert_eq!(connection.response().await.status(), 301);
    }
}

fn allowed(head: &Head) -> BTreeSet<&str> {
    let allow = head.field("allow").unwrap_or_else(|| panic!("no Allow: {head:?}"));
    allow.split(',').map(str::trim).collect()
}
