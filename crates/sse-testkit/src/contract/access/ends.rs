//! "A stream whose grant ends is ended: `event: sse.expired`, then cleanly", and one that is revoked at once.

use std::time::{Duration, Instant};

use sse_core::{Token, access::Revocation};

use super::{
    EXPIRED,
    answer::{Asked, INVALID_BEARER, ask, invalid},
    guarded, listen_as, listen_over, publish, revoke, revoke_subject,
};
use crate::{Connection, Listener, Setup, Target, head};

/// An idle stream is ended by its timer, not before, and not only by the next event or comment; the token is
/// free then.
pub async fn an_idle_stream_ends_with_its_grant(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let begun = Instant::now();
    let mut listener = listen_as(&target, "brief.300", "news").await;

    listener.expect(EXPIRED).await;
    listener.expect_end().await;

    assert!(Duration::from_millis(300) <= begun.elapsed());
    assert_eq!(publish(&target, "news", "1").await, 404);
    let mut next = listen_as(&target, "chief", "news").await;
    assert_eq!(publish(&target, "news", "1").await, 200);
    next.expect("event: ping\ndata: 1\n\n").await;
}

/// Comments go on until the end, and put nothing off.
pub async fn a_comment_puts_the_end_off_by_nothing(start: impl AsyncFn(Setup) -> Target) {
    let keepalive = Some(Duration::from_millis(30));
    let target = start(Setup { keepalive, ..guarded() }).await;
    with_time_enough(async |brief, _| {
        let mut listener = listen_as(&target, brief, "news").await;

        let mut comments = 0;
        let last = loop {
            match listener.block().await {
                block if block == ":\n\n" => comments += 1,
                block => break block,
            }
        };

        assert_eq!(last, EXPIRED);
        listener.expect_end().await;
        0 < comments
    })
    .await;
}

/// What was accepted while the grant held arrives, once and in order, and then the end. Of what was accepted in
/// the moment behind it, which is not for the listener any more, nothing may arrive.
pub async fn what_was_published_before_the_end_arrives(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let held = Instant::now() + Duration::from_millis(250);
    let mut listener = listen_as(&target, "brief.250", "news").await;

    let mut accepted = 0;
    while Instant::now() < held {
        let status = publish(&target, "news", &accepted.to_string()).await;
        if Instant::now() < held {
            assert_eq!(status, 200);
            accepted += 1;
        }
    }

    for number in 0..accepted {
        listener.expect(&format!("event: ping\ndata: {number}\n\n")).await;
    }
    let mut last = listener.block().await;
    if last == format!("event: ping\ndata: {accepted}\n\n") {
        last = listener.block().await;
    }
    assert_eq!(last, EXPIRED);
    listener.expect_end().await;
}

/// By its subject or by the ID of its grant: its stream ends, and those of others go on.
pub async fn a_revoked_stream_ends_at_once(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..guarded() }).await;
    let mut mallory = [
        listen_as(&target, "mallory", "news").await,
        listen_as(&target, "mallory", "news").await,
        listen_as(&target, "mallory", "other").await,
    ];
    let mut eve = listen_as(&target, "eve", "news").await;
    let mut other = listen_as(&target, "chief", "news").await;
    assert_eq!(publish(&target, "news", "1").await, 200);
    for listener in mallory[..2].iter_mut().chain([&mut eve, &mut other]) {
        listener.expect("event: ping\ndata: 1\n\n").await;
    }

    revoke_subject(&target, "mallory");
    revoke(&target, &Revocation::id("EVE"));

    for listener in mallory.iter_mut().chain([&mut eve]) {
        listener.expect(EXPIRED).await;
        listener.expect_end().await;
    }
    assert_eq!(publish(&target, "news", "2").await, 200);
    other.expect("event: ping\ndata: 2\n\n").await;
    for who in ["mallory", "eve"] {
        for line in ["GET /poll/free", "POST /ping/news"] {
            let by = [("Authorization", &*format!("Bearer {who}"))];
            assert_eq!(ask(&target, &Asked::new(line, &by)).await, invalid(), "{who} {line}");
        }
    }
}

/// "Its token is free, and a POST no longer counts it", also before it has read that it is over.
pub async fn a_revoked_stream_counts_no_more(start: impl AsyncFn(Setup) -> Target) {
    let target = start(long_events()).await;
    for who in ["mallory", "eve"] {
        let stalled = stall(&target, who).await;

        revoke_subject(&target, who);

        assert_eq!(publish(&target, "news", "1").await, 404);
        let mut next = listen_as(&target, "chief", "news").await;
        assert_eq!(publish(&target, "news", "1").await, 200);
        next.expect("event: ping\ndata: 1\n\n").await;
        drop((next, stalled));
    }
}

/// The same where the grant has ended, though the listener reads nothing and is not told.
pub async fn a_stream_that_is_not_read_keeps_no_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(long_events()).await;
    let stalled = stall(&target, "brief.400").await;
    // Its grant ends later.
    let mut after = listen_as(&target, "brief.400", "other").await;

    after.expect(EXPIRED).await;

    let mut next = listen_as(&target, "chief", "news").await;
    assert_eq!(publish(&target, "news", "1").await, 200);
    next.expect("event: ping\ndata: 1\n\n").await;
    drop(stalled);
}

/// "The event is completed first", of which half is written; what waits behind it is not for it any more.
pub async fn a_long_event_is_completed_before_a_revoked_stream_ends(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(long_events()).await;
    let mut listener = listen_narrow(&target, "mallory").await;
    let data = "x".repeat(LONG);
    assert_eq!(publish(&target, "news", &data).await, 200);
    assert_eq!(publish(&target, "news", "behind it").await, 200);
    listener.expect("event: ping\ndata: xxx").await;

    revoke_subject(&target, "mallory");

    listener.expect(&format!("{}\n\n", &data[3..])).await;
    listener.expect(EXPIRED).await;
    listener.expect_end().await;
}

/// The same where the grant ends.
pub async fn a_long_event_is_completed_before_a_grant_ends(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..long_events() }).await;
    let data = "x".repeat(LONG);
    with_time_enough(async |brief, length| {
        let begun = Instant::now();
        let mut listener = listen_narrow(&target, brief).await;
        let status = publish(&target, "news", &data).await;
        if length <= begun.elapsed() {
            return false;
        }
        assert_eq!(status, 200);
        listener.expect("event: ping\ndata: xxx").await;

        let mut after = listen_as(&target, brief, "other").await;
        after.expect(EXPIRED).await;

        listener.expect(&format!("{}\n\n", &data[3..])).await;
        listener.expect(EXPIRED).await;
        listener.expect_end().await;
        true
    })
    .await;
}

/// "The grant is looked at again when a body has arrived": 401, and nothing is published.
pub async fn a_body_that_outlasts_its_grant_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let mut listener = listen_as(&target, "chief", "news").await;
    let mut posts = Vec::new();
    for who in ["mallory", "brief.300"] {
        let by = format!("Bearer {who}");
        let fields = [("Authorization", &*by), ("Content-Length", "5"), ("Expect", "100-continue")];
        let mut connection = target.connect().await;
        connection.send(head("POST", "/ping/news", &fields)).await;
        assert_eq!(connection.head().await.status, 100, "it was permitted");
        connection.send("fo").await;
        posts.push(connection);
    }

    revoke_subject(&target, "mallory");
    let mut after = listen_as(&target, "brief.300", "other").await;
    after.expect(EXPIRED).await;

    for mut connection in posts {
        connection.send("rge").await;
        let refused = connection.response().await;
        assert_eq!(refused.status(), 401, "{refused:?}");
        assert!(refused.text().contains("Credentials are not valid"), "{refused:?}");
        assert!(refused.head.fields().contains(&INVALID_BEARER.to_owned()), "{refused:?}");
    }
    assert_eq!(publish(&target, "news", "the first").await, 200);
    listener.expect("event: ping\ndata: the first\n\n").await;
}

/// A client of HTTP/1.0 knows no chunks: its stream ends with the connection.
pub async fn a_stream_of_http_1_0_ends_with_its_grant(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let mut connection = target.connect().await;
    connection.send("GET /poll/news HTTP/1.0\r\nAuthorization: Bearer brief.300\r\n\r\n").await;
    let head = connection.head().await;
    let mut listener = Listener::new(connection, head).opened().await;

    listener.expect(EXPIRED).await;
    listener.expect_end().await;
}

/// Runs `attempt` with somebody whose grant is brief, and how long it is. Where that was over before the machine
/// came to what is tested, `attempt` says no, and is run again with four times as long.
async fn with_time_enough(attempt: impl AsyncFn(&str, Duration) -> bool) {
    for millis in [400, 1_600, 6_400, 25_600] {
        if attempt(&format!("brief.{millis}"), Duration::from_millis(millis)).await {
            return;
        }
    }
    panic!("no grant was long enough");
}

/// A listener that reads the block that opens its stream, and nothing of more than the system keeps for it.
async fn stall(target: &Target, who: &str) -> Listener {
    let listener = listen_narrow(target, who).await;
    let (hub, data) = (target.gateway().hub(), "x".repeat(1 << 20));
    let news = Token::new("news").expect("it is a token");
    // On a slow machine its grant may have ended before.
    if let Ok(published) = hub.publish(&news, "ping", data.as_bytes(), Instant::now()) {
        published.wake();
    }
    listener
}

async fn listen_narrow(target: &Target, who: &str) -> Listener {
    listen_over(Connection::open_narrow(target.addr()).await, who, "news").await
}

fn long_events() -> Setup {
    Setup { max_body: LONG as u64, ..guarded() }
}

/// More than the system keeps for a connection.
const LONG: usize = 3 << 20;
