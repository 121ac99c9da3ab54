//! What a POST is refused for that has arrived whole: too large for the log, too many events, a key that was
//! used before.

use http::StatusCode;
use sse_core::{
    HubConfig, StringFormat, Token, channel::Mode, format::JsonFormat, history::History,
};

use crate::support::{assert_error_page, gateway, listen, permit, post, post_with, written};

const BATCH: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];
const TOO_LARGE: (&str, &str) = ("413: Payload Too Large", "413: Data is too large");

#[test]
fn a_batch_that_the_log_cannot_hold_is_413_and_nobody_is_cut() {
    let config = HubConfig::new(JsonFormat).with_mode(Mode::Shared).with_max_batch(usize::MAX);
    let gateway = gateway(config);
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();
    let lines = b"1\n".repeat(150_000);

    let refused = post_with(&gateway, "/ping/42", &BATCH, &lines);

    assert_error_page(&refused, TOO_LARGE.0, TOO_LARGE.1);
    assert_eq!(post(&gateway, "/ping/42", b"2").status(), 200);
    assert_eq!(written(&mut listener), "event: ping\ndata: 2\n\n");
}

#[test]
fn a_batch_of_more_events_than_may_be_is_413() {
    let gateway = gateway(HubConfig::new(JsonFormat).with_max_batch(3));
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

    let refused = post_with(&gateway, "/ping/42", &BATCH, b"1\n2\n3\n4\n");
    let accepted = post_with(&gateway, "/ping/42", &BATCH, b"1\n2\n\n3\n\n");
    let one_value = post(&gateway, "/ping/42", b"[1,\n2,\n3,\n4\n]");

    assert_error_page(&refused, TOO_LARGE.0, TOO_LARGE.1);
    assert_eq!((accepted.status(), one_value.status()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(written(&mut listener).matches("event: ping").count(), 4);
}

#[test]
fn ten_thousand_events_may_be_in_a_batch_unless_one_says_otherwise() {
    let gateway = gateway(HubConfig::new(JsonFormat));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    for (events, status) in [(10_000, 200), (10_001, 413)] {
        let lines = b"1\n".repeat(events);
        assert_eq!(post_with(&gateway, "/ping/42", &BATCH, &lines).status(), status, "{events}");
    }
}

#[test]
fn a_body_that_is_larger_than_the_log_is_413_though_bodies_may_be_so_long() {
    let gateway = gateway(HubConfig::new(StringFormat).with_max_log_bytes(1_000));
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

    let refused = post(&gateway, "/ping/42", &[b'x'; 1_000]);

    assert_error_page(&refused, TOO_LARGE.0, TOO_LARGE.1);
    assert_eq!(written(&mut listener), "");
}

#[test]
fn that_nobody_listens_is_said_before_that_the_data_is_too_large() {
    let gateway = gateway(HubConfig::new(StringFormat).with_max_log_bytes(1_000));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let mut permit = permit(&gateway, "/ping/42");
    assert!(permit.handle_input(&[b'x'; 2_000]).is_none());
    drop(listener);

    let refused = permit.publish(crate::support::epoch()).response;

    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
}

#[test]
fn an_idempotency_key_that_was_used_for_something_else_is_422() {
    let gateway = gateway(HubConfig::new(StringFormat).with_history(History::new(1)));
    let key = [("idempotency-key", "k")];
    let first = post_with(&gateway, "/ping/42", &key, b"1");

    let refused = post_with(&gateway, "/ping/42", &key, b"2");
    let again = post_with(&gateway, "/ping/42", &key, b"1");
    let elsewhere = post_with(&gateway, "/ping/43", &key, b"2");

    assert_error_page(
        &refused,
        "422: Unprocessable Entity",
        "422: Idempotency-Key was used for something else",
    );
    assert!(!refused.headers().contains_key("sse-id"));
    assert_eq!((first.status(), again.status()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(again.headers()["sse-duplicate"], "true");
    assert_eq!(again.headers()["sse-id"], first.headers()["sse-id"]);
    assert_eq!(elsewhere.status(), StatusCode::OK, "each channel has its own");
    assert_eq!(gateway.hub().counts().published, 2);
}

#[test]
fn two_idempotency_keys_are_400_and_publish_nothing() {
    let gateway = gateway(HubConfig::new(StringFormat).with_history(History::new(1)));
    for keys in [["a", "b"], ["a", "a"], ["a", ""]] {
        let fields = keys.map(|key| ("idempotency-key", key));
        let refused = post_with(&gateway, "/ping/42", &fields, b"1");

        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{keys:?}");
        let body = str::from_utf8(refused.body()).unwrap();
        assert!(body.contains("Idempotency-Key"), "{body}");
    }
    assert_eq!(gateway.hub().counts().published, 0);
    assert_eq!(gateway.hub().listeners(&Token::new("42").unwrap()), 0);
}

#[test]
fn a_full_history_refuses_no_post() {
    let config = HubConfig::new(StringFormat).with_history(History::new(1));
    let gateway = gateway(config.with_max_history_bytes(10_000));
    let (_, _listener) = listen(&gateway, "/poll/0").unwrap();

    for n in 0..100 {
        let path = format!("/ping/{}", n % 4);
        assert_eq!(post(&gateway, &path, &[b'x'; 1_000]).status(), StatusCode::OK, "{n}");
        assert!(gateway.hub().counts().history_bytes <= 10_000);
    }
}

#[test]
fn fresh_tokens_shut_nobody_out() {
    let config = HubConfig::new(StringFormat).with_history(History::new(1));
    let gateway = gateway(config.with_max_channels(10));
    let (_, _listener) = listen(&gateway, "/poll/heard").unwrap();

    for n in 0..100 {
        assert_eq!(post(&gateway, &format!("/ping/{n}"), b"1").status(), StatusCode::OK, "{n}");
    }

    let (_, _newcomer) = listen(&gateway, "/poll/new").unwrap();
    assert_eq!(gateway.hub().listeners(&Token::new("heard").unwrap()), 1);
    assert_eq!(gateway.hub().counts().channels, 10);
}
