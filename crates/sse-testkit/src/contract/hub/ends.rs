//! The end of a channel, and of all.

use std::time::{Duration, Instant};

use sse_core::{HubConfig, channel::Mode};

use super::{epoch, publish};
use crate::{Setup, Target, contract::expect, patience};

/// "With `--closed-ttl MS` listeners get `event: sse.end` first, and a GET on the closed token answers
/// 204 for that time"; "a POST meanwhile is 404"; "the first GET after it opens a new life".
pub async fn a_closed_channel_says_so_for_its_time(start: impl AsyncFn(Setup) -> Target) {
    const TTL: Duration = Duration::from_millis(700);
    let closing = |config| super::remember(config).with_closed_ttl(Some(TTL));
    let target = start(Setup { hub: closing, ..Setup::default() }).await;
    let before = publish(&target, "42", "1").await;
    let mut listener = target.listen("42").await;

    let closed = Instant::now();
    target.publish("close", "42", "").await;

    listener.expect("event: sse.end\ndata: {}\n\n").await;
    listener.expect_end().await;
    let (got, posted) = (target.get("/poll/42").await, target.post("ping", "42", "2").await);
    // On a machine that slept meanwhile it may be over.
    if closed.elapsed() < TTL {
        assert_eq!((got.status(), got.text()), (204, ""));
        expect::refusal(&posted, "404: Not Found", "Target is not connected");
    }
    patience::until("it opens again", async || {
        target.post("ping", "42", "3").await.status() == 200
    })
    .await;
    assert!(TTL <= closed.elapsed());
    assert_ne!(epoch(&publish(&target, "42", "4").await), epoch(&before));
}

/// "Each stream gets its own `retry:` drawn from the window, then ends, spread over that window."
pub async fn a_drain_ends_streams_one_after_the_other(start: impl AsyncFn(Setup) -> Target) {
    const WINDOW: Duration = Duration::from_millis(1_500);
    let shared = |config: HubConfig| config.with_mode(Mode::Shared);
    let target = start(Setup { hub: shared, drain: WINDOW, ..Setup::default() }).await;
    let mut listeners = Vec::new();
    for _ in 0..20 {
        listeners.push(target.listen("42").await);
    }

    let begun = Instant::now();
    let ends = listeners.into_iter().map(|mut listener| async move {
        let farewell = listener.block().await;
        listener.expect_end().await;
        let retry = farewell.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let retry = retry.and_then(|millis| millis.parse().ok()).expect("a reconnection time");
        (begun.elapsed(), Duration::from_millis(retry))
    });
    let (ends, ()) = tokio::join!(futures_util::future::join_all(ends), target.stop());

    // It comes back when the window is over, at the earliest, and within another one.
    let most = WINDOW * 2 + Duration::from_millis(1);
    assert!(ends.iter().all(|(end, retry)| WINDOW <= *end + *retry && *retry <= most), "{ends:?}");
    let retries: std::collections::BTreeSet<_> = ends.iter().map(|(_, retry)| *retry).collect();
    assert!(15 < retries.len(), "each its own: {retries:?}");
    // One is due in each twentieth of the window, so the last one not before nineteen of them.
    let last = ends.iter().map(|(end, _)| *end).max().expect("there are some");
    assert!(WINDOW * 17 / 20 <= last, "{ends:?}");
}
