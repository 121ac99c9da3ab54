//! "Stop accepting, end all streams cleanly, exit 0 within 5 s", by the server's own graceful shutdown.

use futures_util::{StreamExt, stream};
use sse_core::Event;

use crate::{Listener, OPEN, Setup, Streams, Target};

/// A thousand listeners of channels are told that nothing more comes.
pub async fn a_thousand_listeners_are_ended(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::default() }).await;
    let listeners = open(&target, |number| format!("/poll/{}", number % 10)).await;
    target.publish("ping", "7", "last").await;

    target.stop().await;

    for (number, mut listener) in listeners.into_iter().enumerate() {
        listener.expect(OPEN).await;
        if number % 10 == 7 {
            listener.expect("event: ping\ndata: last\n\n").await;
        }
        listener.expect_end().await;
    }
}

/// A thousand answers from streams end.
pub async fn a_thousand_streams_are_ended(start: impl AsyncFn(Setup) -> Target) {
    let streams = Streams::new(|_| {
        Some(Box::pin(stream::iter([Ok(Event::data("1"))]).chain(stream::pending())))
    });
    let target = start(Setup { streams: Some(streams), ..Setup::default() }).await;
    let listeners = open(&target, |_| "/stream".to_owned()).await;

    target.stop().await;

    for mut listener in listeners {
        listener.expect("data: 1\n\n").await;
        listener.expect_end().await;
    }
}

/// Connections that wait for a request do not keep the server.
pub async fn idle_connections_are_closed(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _silent = target.connect().await;
    let mut used = target.connect().await;
    used.send(crate::head("GET", "/", &[])).await;
    assert_eq!(used.response().await.status(), 200);

    target.stop().await;

    used.end().await;
}

async fn open(target: &Target, path: impl Fn(usize) -> String) -> Vec<Listener> {
    // Both ends of each connection are files of this process.
    rlimit::increase_nofile_limit(8_192).expect("the system allows more open files");
    let mut listeners = Vec::new();
    for number in 0..1_000 {
        listeners.push(target.listen_at(&path(number)).await);
    }
    listeners
}
