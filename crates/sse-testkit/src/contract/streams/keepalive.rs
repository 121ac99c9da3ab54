//! Comments break the silence of a stream, as they do on a channel.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use sse_core::Event;
use tokio::time::{Instant, sleep};

use super::{delivery::channel, ends::pending};
use crate::{Setup, Streams, Target};

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

/// Without a keepalive there is silence, once something was said.
pub async fn no_comment_comes_when_it_is_off(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(one()), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    listener.expect("data: 1\n\n").await;
    listener.expect_silence(SILENCE * 3).await;
}

/// "Writes its first comment after 1 s of silence, if nothing came": once, and also without a keepalive.
pub async fn the_first_comment_comes_after_a_second(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(pending()), ..Setup::default() }).await;

    let asked = Instant::now();
    let mut listener = target.listen_at("/stream").await;

    listener.expect(":\n\n").await;
    assert!(FIRST_COMMENT <= asked.elapsed(), "after {:?}", asked.elapsed());
    listener.expect_silence(FIRST_COMMENT * 3 / 2).await;
}

/// The first comment comes long before those of a keepalive.
pub async fn the_first_comment_waits_for_no_keepalive(start: impl AsyncFn(Setup) -> Target) {
    let keepalive = Some(Duration::from_secs(600));
    let target = start(Setup { streams: Some(pending()), keepalive, ..Setup::default() }).await;

    target.listen_at("/stream").await.expect(":\n\n").await;
}

/// An event takes the place of the first comment.
pub async fn no_first_comment_comes_behind_an_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { streams: Some(one()), ..Setup::default() }).await;

    let mut listener = target.listen_at("/stream").await;

    listener.expect("data: 1\n\n").await;
    listener.expect_silence(FIRST_COMMENT * 3 / 2).await;
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

/// A stream that says one thing, and is silent from then on.
fn one() -> Streams {
    Streams::new(|_| Some(Box::pin(stream::iter([Ok(Event::data("1"))]).chain(stream::pending()))))
}

const SILENCE: Duration = Duration::from_millis(200);

const FIRST_COMMENT: Duration = Duration::from_secs(1);
