//! The table of answers, row by row.

use crate::{Setup, Target, contract::expect, post, post_head};

/// "200 `text/event-stream`, `Cache-Control: no-cache, no-transform`, `X-Accel-Buffering: no`: listening."
pub async fn the_head_of_a_stream_is_exact(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let listener = target.listen("42").await;

    let head = listener.head();
    assert_eq!((head.version.as_str(), head.reason.as_str()), ("HTTP/1.1", "OK"));
    let expected = [
        "cache-control: no-cache, no-transform",
        "content-type: text/event-stream",
        "transfer-encoding: chunked",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
    ];
    assert_eq!(head.fields(), expected);
}

/// "200, empty, `Accept: {content type of the event format}`: published", in each format and for
/// each kind of action.
pub async fn a_publisher_is_told_the_content_type(start: impl AsyncFn(Setup) -> Target) {
    let string = (Setup::string_with_ids(), "text/plain");
    let json = (Setup::json_with_ids(), "application/json");

    for (setup, content_type) in [string, json] {
        let target = start(setup).await;
        let _listener = target.listen("42").await;
        for action in ["ping", "retry", "close"] {
            expect::published(&target.post(action, "42", "1").await, content_type);
        }
    }
}

/// "404, POST to a token that nobody listens on: `Target is not connected`."
pub async fn nobody_listens(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let _listener = target.listen("43").await;

    for action in ["ping", "close", "retry"] {
        let refused = target.post(action, "42", "1").await;
        expect::refusal(&refused, "404: Not Found", "Target is not connected");
    }
}

/// "Error bodies keep the original's form, with `Content-Type: text/html; charset=utf-8`:
/// `<html><title>404: Not Found</title><body>404: Target is not connected</body></html>\n`."
pub async fn an_error_has_the_form_of_the_original(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let refused = target.post("ping", "42", "hi").await;

    let page =
        "<html><title>404: Not Found</title><body>404: Target is not connected</body></html>\n";
    assert_eq!((refused.text(), refused.head.reason.as_str()), (page, "Not Found"));
    let mut expected =
        expect::ERROR_FIELDS.map(|(name, value)| format!("{name}: {value}")).to_vec();
    expected.push(format!("content-length: {}", page.len()));
    expected.sort();
    assert_eq!(refused.head.fields(), expected);
}

/// "Nobody listens on (checked first)": before the action, the length, and the data.
pub async fn nobody_listens_is_checked_first(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { max_body: 10, retry: true, ..Setup::json() }).await;
    let requests = [
        post("/unknown/42", b"1"),
        post("/poll/42", b"1"),
        post("/ping/42", b"no json"),
        post("/retry/42", b"no number"),
        post("/ping/42", b"\xFF"),
        post_head("/ping/42", 11).into_bytes(),
        post_head("/unknown/42", 1 << 40).into_bytes(),
    ];

    for request in requests {
        let refused = target.exchange(&request).await;
        expect::refusal(&refused, "404: Not Found", "Target is not connected");
    }
}

/// "404, action not in the allowed set; case matters; `poll` is not a POST action: `Unknown action
/// requested`."
pub async fn an_unknown_action_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let actions = ["pong", "Ping", "PING", "Close", "poll", "retry", "ping%20", "%20ping", "p"];

    for action in actions {
        let refused = target.post(action, "42", "hi").await;
        expect::refusal(&refused, "404: Not Found", "Unknown action requested");
    }

    target.publish("ping", "42", "still here").await;
    listener.expect("event: ping\ndata: still here\n\n").await;
}

/// "423, the channel is exclusive and someone listens: `Target is already connected`."
pub async fn a_taken_channel_is_locked(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;

    let refused = target.get("/poll/42").await;

    expect::refusal(&refused, "423: Locked", "Target is already connected");
}

/// "400, data does not fit the format: `Data is not properly formatted: <br />` + reason,
/// HTML-escaped."
pub async fn data_that_does_not_fit_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let cases: [(Setup, &str, &[u8]); 6] = [
        (Setup::default(), "ping", b"<b>\xFF</b>"),
        (Setup::string_with_ids(), "retry", b"<b>&amp;</b>"),
        (Setup::json(), "ping", b"<script>"),
        (Setup::json(), "ping", b"{\"<b>\": &}"),
        (Setup::json(), "ping", b"\xFF"),
        (Setup::json_with_ids(), "retry", b"\"\'<>&"),
    ];

    for (setup, action, body) in cases {
        let target = start(setup).await;
        let _listener = target.listen("42").await;
        let refused = target.post(action, "42", body).await;
        expect::bad_format(&refused);
    }
}
