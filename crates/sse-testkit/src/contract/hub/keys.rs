//! "`Idempotency-Key` on a POST."

use super::{event, field, post_with, remembering};
use crate::{Setup, Target};

/// "The same key within the window answers with the first id and `Sse-Duplicate: true`, and publishes
/// nothing, whatever the body."
pub async fn the_same_key_publishes_once(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let mut listener = target.listen("42").await;
    let key = [("Idempotency-Key", "k")];
    let first = post_with(&target, "/ping/42", &key, "1").await;
    assert_eq!(first.head.field("sse-duplicate"), None);

    for body in ["1", "other"] {
        let again = post_with(&target, "/ping/42", &key, body).await;
        assert_eq!((again.status(), field(&again, "sse-duplicate")), (200, "true".to_owned()));
        assert_eq!(field(&again, "sse-id"), field(&first, "sse-id"));
    }

    let last = super::publish(&target, "42", "last").await;
    let both = event(&field(&first, "sse-id"), "1") + &event(&last, "last");
    listener.expect(&both).await;
}

/// "Two at once publish once."
pub async fn of_many_at_once_one_is_published(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let posts = (0..20).map(|n| {
        let target = &target;
        async move {
            let body = n.to_string();
            post_with(target, "/ping/42", &[("Idempotency-Key", "k")], &body).await
        }
    });

    let answers = futures_util::future::join_all(posts).await;

    let is_first = |answer: &&crate::Response| answer.head.field("sse-duplicate").is_none();
    assert_eq!(answers.iter().filter(is_first).count(), 1);
    assert!(answers.iter().all(|answer| field(answer, "sse-id").starts_with("1.")));
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
