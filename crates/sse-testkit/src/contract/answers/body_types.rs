//! "A charset other than UTF-8 or a `Content-Encoding` other than `identity` on a POST: 415."

use crate::{Setup, Target, contract::expect, head};

/// "415", and the body names the charset or the coding that is refused.
pub async fn what_is_not_utf_8_as_it_stands_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    for (name, value, named) in [
        ("Content-Type", "text/plain; charset=utf-16le", "utf-16le"),
        ("Content-Type", "text/plain; charset=\"iso-8859-1\"", "iso-8859-1"),
        ("Content-Encoding", "gzip", "gzip"),
        ("Content-Encoding", "identity, br", "br"),
    ] {
        let refused = target.exchange(post_with(name, value, "h\0i")).await;
        let text = expect::reason(&refused, "415: Unsupported Media Type");
        assert!(text.contains(named), "{text}");
    }
    for (name, value) in [
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Type", "text/plain;charset=\"us-ascii\""),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Encoding", "identity"),
    ] {
        expect::published(&target.exchange(post_with(name, value, "hi")).await, "text/plain");
        listener.expect("event: ping\ndata: hi\n\n").await;
    }
}

/// "One BOM before the data is dropped."
pub async fn a_byte_order_mark_is_dropped(start: impl AsyncFn(Setup) -> Target) {
    for (setup, content_type) in
        [(Setup::default(), "text/plain"), (Setup::json(), "application/json")]
    {
        let target = start(setup).await;
        let mut listener = target.listen("42").await;
        expect::published(&target.post("ping", "42", "\u{feff}[1]").await, content_type);
        listener.expect("event: ping\ndata: [1]\n\n").await;
    }
}

fn post_with(name: &str, value: &str, body: &str) -> String {
    let len = body.len().to_string();
    head("POST", "/ping/42", &[("Content-Length", &len), (name, value)]) + body
}
