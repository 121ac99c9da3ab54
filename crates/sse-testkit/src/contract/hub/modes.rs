//! "`takeover` (the newcomer wins)", and modes of channels.

use sse_core::channel::Mode;

use crate::{Setup, Target, post};

const REPLACED: &str = "event: sse.replaced\nretry: 86400000\ndata: {}\n\n";

/// "The old stream ends with `event: sse.replaced`, `data: {}` and `retry: 86400000` in one block."
pub async fn the_newcomer_takes_the_channel_over(start: impl AsyncFn(Setup) -> Target) {
    let takeover = |config: sse_core::HubConfig| config.with_mode(Mode::Takeover);
    let target = start(Setup { hub: takeover, ..Setup::default() }).await;
    let mut old = target.listen("42").await;
    target.publish("ping", "42", "1").await;

    let mut new = target.listen("42").await;
    target.publish("ping", "42", "2").await;

    old.expect("event: ping\ndata: 1\n\n").await;
    old.expect(REPLACED).await;
    old.expect_end().await;
    new.expect("event: ping\ndata: 2\n\n").await;
    drop(old);
    target.publish("ping", "42", "3").await;
    new.expect("event: ping\ndata: 3\n\n").await;
}

/// "Every replaced listener is told", though its channel goes on and holds little.
pub async fn who_is_replaced_is_told_whatever_comes_afterwards(
    start: impl AsyncFn(Setup) -> Target,
) {
    let takeover = |config: sse_core::HubConfig| config.with_mode(Mode::Takeover);
    let setup = Setup { hub: takeover, max_channel_bytes: 16 << 10, ..Setup::default() };
    let target = start(setup).await;
    // More than the log can hold for a newcomer that does not read.
    let rush = |token: &str| post(&format!("/ping/{token}"), &[b'x'; 4 << 10]).repeat(64);

    for round in 0..20 {
        let token = round.to_string();
        let mut old = target.listen(&token).await;
        target.publish("ping", &token, "1").await;
        old.expect("event: ping\ndata: 1\n\n").await;
        let mut publisher = target.connect().await;

        let _newcomer = target.listen(&token).await;
        publisher.send(rush(&token)).await;

        old.expect(REPLACED).await;
        old.expect_end().await;
    }
}

/// "Per hub, overridable per channel in code."
pub async fn each_channel_can_have_a_mode_of_its_own(start: impl AsyncFn(Setup) -> Target) {
    let modes = |config: sse_core::HubConfig| {
        config.with_mode_of(|token| match token.as_str() {
            "crowd" => Mode::Shared,
            _ => Mode::Exclusive,
        })
    };
    let target = start(Setup { hub: modes, ..Setup::default() }).await;
    let _crowd = [target.listen("crowd").await, target.listen("crowd").await];
    let _one = target.listen("one").await;

    assert_eq!(target.get("/poll/one").await.status(), 423);
}
