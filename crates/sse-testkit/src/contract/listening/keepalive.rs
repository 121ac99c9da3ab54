//! "Keepalive: with `-k MS`, a comment - exactly `:`, LF, LF - after MS milliseconds of silence,
//! never sooner, at most an eighth later (orig.: every MS whatever happened)."
//!
//! Silence is measured from before the request that broke it was sent, so that a slow machine can
//! make it longer but never shorter.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Listener, Setup, Target};

/// "A comment - exactly `:`, LF, LF - after MS milliseconds of silence, never sooner."
pub async fn silence_is_broken_by_a_comment(start: impl AsyncFn(Setup) -> Target) {
    let target = start(every(SILENCE)).await;

    let mut last = Instant::now();
    let mut listener = target.listen("42").await;

    for _ in 0..4 {
        listener.expect(":\n\n").await;
        assert!(SILENCE <= last.elapsed(), "after {:?}", last.elapsed());
        last += SILENCE;
    }
}

/// "At most an eighth later": one of them comes well before a second interval is over, however slow the machine
/// is at times.
pub async fn the_comment_is_not_late(start: impl AsyncFn(Setup) -> Target) {
    let target = start(every(SILENCE)).await;
    let mut listener = target.listen("42").await;

    let mut lengths = Vec::new();
    while lengths.len() < 20 {
        let silent = Instant::now();
        listener.expect(":\n\n").await;
        let length = silent.elapsed();
        if length < SILENCE * 3 / 2 {
            return;
        }
        lengths.push(length);
    }
    panic!("all were late: {lengths:?}");
}

/// "Of silence [...] (orig.: every MS whatever happened)": an event puts the comment off.
pub async fn events_put_the_comment_off(start: impl AsyncFn(Setup) -> Target) {
    let target = start(every(SILENCE)).await;
    let mut published = Instant::now();
    let mut listener = target.listen("42").await;

    for round in 0..12 {
        sleep(SILENCE / 3).await;
        let before = published;
        published = Instant::now();
        target.publish("ping", "42", round.to_string()).await;
        comes_after_comments(&mut listener, &format!("event: ping\ndata: {round}\n\n"), before)
            .await;
    }

    listener.expect(":\n\n").await;
    assert!(SILENCE <= published.elapsed(), "after {:?}", published.elapsed());
}

/// "Of silence": `retry` breaks it too.
pub async fn retry_puts_the_comment_off(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { retry: true, ..every(SILENCE) }).await;
    let opened = Instant::now();
    let mut listener = target.listen("42").await;
    sleep(SILENCE / 2).await;

    let published = Instant::now();
    target.publish("retry", "42", "1000").await;

    comes_after_comments(&mut listener, "retry: 1000\n\n", opened).await;
    listener.expect(":\n\n").await;
    assert!(SILENCE <= published.elapsed(), "after {:?}", published.elapsed());
}

/// "0 = off, the command's default."
pub async fn no_comment_comes_when_it_is_off(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { keepalive: None, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;

    listener.expect_silence(Duration::from_secs(1)).await;
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;
    listener.expect_silence(Duration::from_millis(500)).await;
}

/// "A comment never lands inside an event."
pub async fn no_comment_lands_inside_an_event(start: impl AsyncFn(Setup) -> Target) {
    let target = start(every(Duration::from_millis(1))).await;
    let mut listener = target.listen("42").await;
    let body = ["some text"].repeat(5_000).join("\n");
    let event = format!("event: ping\n{}\n", "data: some text\n".repeat(5_000));

    for round in 0..30 {
        target.publish("ping", "42", &body).await;
        let mut block = listener.block().await;
        while block == ":\n\n" {
            block = listener.block().await;
        }
        assert!(block == event, "round {round}: {} bytes", block.len());
        sleep(Duration::from_millis(round % 4)).await;
    }
}

/// A comment goes to each listener of a shared channel.
pub async fn every_listener_is_kept_alive(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..every(SILENCE) }).await;
    let mut listeners = Vec::new();
    for _ in 0..5 {
        listeners.push(target.listen("42").await);
    }

    for listener in &mut listeners {
        listener.expect(":\n\n:\n\n").await;
    }
}

/// Sees that `block` comes next, but for comments that are due on a machine that was slow.
async fn comes_after_comments(listener: &mut Listener, block: &str, broken: Instant) {
    let mut next = listener.block().await;
    while next == ":\n\n" {
        assert!(SILENCE <= broken.elapsed(), "a comment after {:?}", broken.elapsed());
        next = listener.block().await;
    }
    assert_eq!(next, block);
}

fn every(silence: Duration) -> Setup {
    Setup { keepalive: Some(silence), ..Setup::default() }
}

const SILENCE: Duration = Duration::from_millis(300);
