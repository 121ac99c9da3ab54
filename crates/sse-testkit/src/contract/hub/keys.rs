//! "`Idempotency-Key` on a POST."

use std::time::Duration;

use sse_core::history::History;
use tokio::time::Instant;

use super::{event, field, post_with, publish, remember, remembering};
use crate::{Response, Setup, Target, contract::expect, head};

/// "The same key within the window answers with the first id and `Sse-Duplicate: true`, and publishes
/// nothing."
pub async fn the_same_key_publishes_once(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let mut listener = target.listen("42").await;
    let key = [("Idempotency-Key", "k")];
    let first = post_with(&target, "/ping/42", &key, "1").await;
    assert_eq!(first.head.field("sse-duplicate"), None);

    for _ in 0..2 {
        let again = post_with(&target, "/ping/42", &key, "1").await;
        assert_eq!((again.status(), field(&again, "sse-duplicate")), (200, "true".to_owned()));
        assert_eq!(field(&again, "sse-id"), field(&first, "sse-id"));
    }

    let last = publish(&target, "42", "last").await;
    let both = event(&field(&first, "sse-id"), "1") + &event(&last, "last");
    listener.expect(&both).await;
}

/// "The same key with another action or body is 422", and publishes nothing.
pub async fn a_key_stands_for_one_publication(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { actions: vec!["tick".to_owned()], ..remembering() }).await;
    let mut listener = target.listen("42").await;
    let key = [("Idempotency-Key", "k")];
    let first = field(&post_with(&target, "/ping/42", &key, "1").await, "sse-id");

    for (path, body) in
        [("/ping/42", "2"), ("/ping/42", ""), ("/ping/42", "1\n"), ("/tick/42", "1")]
    {
        let refused = post_with(&target, path, &key, body).await;
        expect::refusal(
            &refused,
            "422: Unprocessable Entity",
            "Idempotency-Key was used for something else",
        );
    }

    let again = post_with(&target, "/ping/42", &key, "1").await;
    assert_eq!(field(&again, "sse-id"), first, "the key still stands for the first");
    let elsewhere = post_with(&target, "/ping/43", &key, "2").await;
    assert_eq!(elsewhere.status(), 200, "{elsewhere:?}");
    let last = publish(&target, "42", "last").await;
    listener.expect(&(event(&first, "1") + &event(&last, "last"))).await;
}

/// "Two at once publish once."
pub async fn of_many_at_once_one_is_published(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;

    let alike = at_once(&target, "/ping/alike", |_| "1".to_owned()).await;
    let different = at_once(&target, "/ping/different", |n| n.to_string()).await;

    let is_first =
        |answer: &&Response| answer.status() == 200 && answer.head.field("sse-duplicate").is_none();
    for answers in [&alike, &different] {
        assert_eq!(answers.iter().filter(is_first).count(), 1, "{answers:?}");
    }
    assert!(alike.iter().all(|answer| field(answer, "sse-id").starts_with("1.")));
    assert_eq!(different.iter().filter(|answer| answer.status() == 422).count(), 19);
}

/// "5 minutes", "and a byte budget": also when many others came meanwhile.
pub async fn a_key_is_known_after_a_thousand_others(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let first = post_with(&target, "/ping/42", &[("Idempotency-Key", "first")], "1").await;
    let mut publisher = target.connect().await;
    for other in 0..1_000 {
        let fields = [("Content-Length", "1"), ("Idempotency-Key", &*other.to_string())];
        publisher.send(head("POST", "/ping/42", &fields) + "1").await;
        assert_eq!(publisher.response().await.head.field("sse-duplicate"), None, "{other}");
    }

    let again = post_with(&target, "/ping/42", &[("Idempotency-Key", "first")], "1").await;

    assert_eq!(field(&again, "sse-duplicate"), "true");
    assert_eq!(field(&again, "sse-id"), field(&first, "sse-id"));
}

/// "Within the window", which can be set: not a moment less.
pub async fn a_key_is_forgotten_after_its_window(start: impl AsyncFn(Setup) -> Target) {
    let short = |config| remember(config).with_history(History::new(42).with_key_window(WINDOW));
    let target = start(Setup { hub: short, ..Setup::default() }).await;
    let key = [("Idempotency-Key", "k")];
    let begun = Instant::now();
    let first = post_with(&target, "/ping/42", &key, "1").await;

    let mut again = post_with(&target, "/ping/42", &key, "1").await;
    while field(&again, "sse-id") == field(&first, "sse-id") {
        assert!(begun.elapsed() < WINDOW * 100, "it is never forgotten");
        again = post_with(&target, "/ping/42", &key, "1").await;
    }

    assert!(WINDOW <= begun.elapsed(), "after {:?}", begun.elapsed());
    assert!(field(&again, "sse-id").starts_with("2."), "{again:?}");
}

/// A request has one key: which of two is meant nobody knows, even if they are alike.
pub async fn two_keys_are_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    for keys in [["a", "b"], ["a", "a"]] {
        let fields = keys.map(|key| ("Idempotency-Key", key));
        let refused = post_with(&target, "/ping/42", &fields, "1").await;
        let text = expect::reason(&refused, "400: Bad Request");
        assert!(text.contains("Idempotency-Key"), "{text}");
    }

    assert!(publish(&target, "42", "1").await.starts_with("1."), "nothing was published");
}

/// "1 to 255 visible ASCII characters, else 400."
pub async fn a_key_that_is_none_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    for (key, status) in [("~", 200), ("two words", 400), ("a\u{e9}", 400), (&"k".repeat(255), 200)]
    {
        let answer = post_with(&target, "/ping/42", &[("Idempotency-Key", key)], "1").await;
        assert_eq!(answer.status(), status, "{key}");
    }
    let answer =
        post_with(&target, "/ping/42", &[("Idempotency-Key", &"k".repeat(256))], "1").await;
    assert_eq!(answer.status(), 400);
}

/// What twenty POSTs to `path` at once under one key are answered, the n-th with the body `body(n)`.
async fn at_once(target: &Target, path: &str, body: impl Fn(usize) -> String) -> Vec<Response> {
    let posts = (0..20).map(|n| {
        let body = body(n);
        async move { post_with(target, path, &[("Idempotency-Key", "k")], &body).await }
    });
    futures_util::future::join_all(posts).await
}

const WINDOW: Duration = Duration::from_millis(300);
