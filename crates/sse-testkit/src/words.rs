//! A stream that ends for good, beside the protocol.

use crate::{Target, examples::Program, head};

/// A browser has the rest after a break, and is told not to come back once it has all.
///
/// # Panics
///
/// If the example `name` does otherwise.
pub async fn a_browser_that_has_all_comes_back_once(name: &str) {
    let mut program = Program::start(name, &["127.0.0.1:0"]);
    let target = program.target();
    let ask = async |last| {
        let fields = [("Accept", "text/event-stream"), ("Last-Event-ID", last)];
        target.exchange(head("GET", "/words", &fields)).await
    };

    let all = ask("").await;
    assert_eq!(all.head.field("content-type"), Some("text/event-stream"));
    let events = (1..).zip(["to", "be", "or", "not"]);
    let events: String = events.map(|(id, word)| format!("data: {word}\nid: {id}\n\n")).collect();
    assert_eq!(all.text(), events);
    assert_eq!(ask("2").await.text(), "data: or\nid: 3\n\ndata: not\nid: 4\n\n");
    for last in ["4", "99"] {
        assert_eq!(ask(last).await.status(), 204, "behind {last}");
    }
    hears_what_is_published(&target).await;
}

async fn hears_what_is_published(target: &Target) {
    let mut listener = target.listen_at("/events/poll/42").await.opened().await;
    let said = target.exchange(crate::post("/events/ping/42", b"hi")).await;
    assert_eq!(said.status(), 200);
    listener.expect("event: ping\ndata: hi\n\n").await;
}
