//! "Anyone publishes into it [...]. Each published action becomes one server-sent event on the
//! listener's stream": as a page sees them.

use std::time::Duration;

use crate::{Setup, Target, chromium::Browser};

/// "The head of a listen response is sent **at once**, before any event."
pub async fn a_source_opens_before_the_first_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;

    let source = browser.open("/poll/42", &["ping"]).await;

    source.expect_open().await;
    target.publish("ping", "42", "hi").await;
    source.expect("ping", "hi", "").await;
}

/// "`event: {action}`": an action `message` makes events of the default type.
pub async fn events_of_named_and_default_types_arrive_in_order(
    start: impl AsyncFn(Setup) -> Target,
) {
    let names = ["ping", "message", "tick", "a name"];
    let actions = vec!["message".into(), "tick".into(), "a name".into()];
    let target = start(Setup { actions, ..Setup::default() }).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &["ping", "tick", "a name"]).await;
    source.expect_open().await;

    let published = (0..40).map(|count| (names[count % names.len()], count.to_string()));
    for (name, data) in published.clone() {
        target.publish(&name.replace(' ', "%20"), "42", data).await;
    }

    for (name, data) in published {
        source.expect(name, &data, "").await;
    }
}

/// "String: the body, one `data:` line per line; CRLF, LF and CR all end a line."
pub async fn data_arrives_as_it_was_published(start: impl AsyncFn(Setup) -> Target) {
    let long = "0123456789€".repeat(20_000);
    let cases = [
        ("žluťoučký kůň 🐎 日本語", "žluťoučký kůň 🐎 日本語"),
        ("", ""),
        ("a\nb", "a\nb"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\n\n", "\n\n"),
        (" leading and trailing ", " leading and trailing "),
        ("event: other\ndata: x\n\nid: 7", "event: other\ndata: x\n\nid: 7"),
        (":", ":"),
        ("a\u{FEFF}mark", "a\u{FEFF}mark"),
        ("nul \0 and escape \u{1B}", "nul \0 and escape \u{1B}"),
        (&*long, &*long),
    ];
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;

    for (published, expected) in cases {
        target.publish("ping", "42", published).await;
        source.expect("ping", expected, "").await;
    }
}

/// "JSON: the JSON value on one line."
pub async fn json_arrives_as_it_was_published(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json()).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;

    target.publish("ping", "42", "{\n  \"b\": [1.0, \"€ \\n\"],\n  \"a\": null\n}").await;

    source.expect("ping", r#"{"b":[1.0,"€ \n"],"a":null}"#, "").await;
}

/// "String + id: the same, with `id:`."
pub async fn ids_are_told_with_the_events(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;

    for id in ["0", "1", "2"] {
        target.publish("ping", "42", "hi").await;
        source.expect("ping", "hi", id).await;
    }
}

/// "Keepalive: a comment", which is no event.
pub async fn comments_are_not_seen(start: impl AsyncFn(Setup) -> Target) {
    let keepalive = Some(Duration::from_millis(20));
    let target = start(Setup { keepalive, ..Setup::default() }).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;

    // Its own keepalive says that the other stream was sent comments too.
    let mut other = target.listen("other").await;
    for _ in 0..5 {
        other.expect(":\n\n").await;
    }
    target.publish("ping", "42", "hi").await;

    source.expect("ping", "hi", "").await;
}
