//! A page with `EventSource` that publishes by `fetch`.

use super::process::Example;
use crate::post;

/// Everyone who listens hears what one posts.
pub async fn what_is_said_is_heard_by_all(package: &str) {
    let (_server, target) = Example::start(package, "chat", &[]);
    assert!(target.get("/").await.text().contains("EventSource"));
    let mut listeners = Vec::new();
    for _ in 0..3 {
        listeners.push(target.listen_at("/events/poll/chat").await.opened().await);
    }

    let said = target.exchange(post("/events/ping/chat", b"hi")).await;

    assert_eq!(said.status(), 200);
    for listener in &mut listeners {
        listener.expect("event: ping\ndata: hi\n\n").await;
    }
}
