//! Comments break the silence of a stream, as they do on a channel.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{delivery::channel, ends::pending};
use crate::{Setup, Target};

/// A comment - exactly `:`, LF, LF - comes after the silence, never sooner.
pub async fn silence_is_broken_by_a_comment(start: impl AsyncFn(Setup) -> Target) {
    let setup = Setup { streams: Some(pending()), keepalive: Some(SILENCE), ..Setup::default() };
    let target = start(setup).await;

    let mut last = Instant::now();
    let mut listener = target.listen_at("/stream").await;

    for _ in 0..4 {
        listener.expect(":\n\n").await;
        assert!(SILENCE <= last.elapsed(), "after {:?}", last.elapsed());
        last += SILENCE;
    }
}

/// Without a keepalive there is silence.
pub async fn no_comment_comes_when_it_is_off(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(pending()), ..Setup::default() }).await;

    target.listen_at("/stream").await.expect_silence(SILENCE * 3).await;
}

/// An event puts the comment off.
pub async fn events_put_the_comment_off(start: impl AsyncFn(Setup) -> Target) {
    let (events, streams) = channel();
    let setup = Setup { streams: Some(streams), keepalive: Some(SILENCE), ..Setup::default() };
    let target = start(setup).await;
    let mut listener = target.listen_at("/stream").await;
    sleep(SILENCE / 2).await;

    let sent = Instant::now();
    events.send("1".to_owned()).await.expect("the stream is open");
    while listener.block().await == ":\n\n" {}

    listener.expect(":\n\n").await;
    assert!(SILENCE <= sent.elapsed(), "after {:?}", sent.elapsed());
}

const SILENCE: Duration = Duration::from_millis(200);
