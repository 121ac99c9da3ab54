//! "503/429, `Retry-After`", soft for browsers: what a limiter says, and for how long a listener's seat is taken.

use std::time::Duration;

use sse_core::{
    HubConfig,
    access::{Limited, Revocation},
    channel::Mode,
    gateway::RemoteAddr,
};

use super::{
    ScriptedLimiter,
    answer::{Answer, Asked, ask},
    guarded, listen_as, listen_over, publish, remembering, revoke,
};
use crate::{Connection, Setup, Target, head};

/// "Limited: 503 `Server is full: [...]` / 429 `Too many requests: [...]` + `Retry-After`."
pub async fn a_limit_is_told_with_a_time(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let target = start(limited(&limiter)).await;
    for (limited, expected) in [
        (
            full(),
            Answer::refusal(
                "503: Service Unavailable",
                "Server is full: there may be no more than 7 listeners of &lt;one&gt; address",
            )
            .with(["retry-after: 5"]),
        ),
        (
            too_fast(Duration::from_millis(61_500)),
            Answer::refusal(
                "429: Too Many Requests",
                "Too many requests: there may be no more than 9 publications a second",
            )
            .with(["retry-after: 62"]),
        ),
    ] {
        limiter.say(Some(limited));
        for line in ["GET /poll/news", "HEAD /poll/news", "POST /ping/news", "POST /ticket/news"] {
            let answer = ask(&target, &Asked::new(line, &BOTH)).await;
            let is_head = line.starts_with("HEAD");
            let expected = if is_head { expected.clone().without_body() } else { expected.clone() };
            assert_eq!(answer, expected, "{line}");
        }
    }
    assert_eq!(limiter.seats(), 0);
}

/// "Would get 423, 429 or 503 (after host, origin and access), gets 200 instead"; "limits: 15 to 60 s, drawn", and
/// no sooner than asked for.
pub async fn a_browser_is_told_of_a_limit_in_a_stream(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let target = start(limited(&limiter)).await;
    let cases = [
        ("both", Some(full()), "503", 15..=60),
        ("both", Some(too_fast(Duration::from_secs(1))), "429", 15..=60),
        ("both", Some(too_fast(Duration::from_secs(100))), "429", 100..=400),
        ("hammering", None, "429", 20..=80),
        ("unchecked", None, "503", 15..=60),
    ];
    for (who, limited, status, seconds) in cases {
        limiter.say(limited);
        let by = format!("Bearer {who}");
        for browser in [CHROMIUM, OLD_BROWSER] {
            let fields = [&browser[..], &[("Authorization", &by)]].concat();
            let answer = ask(&target, &Asked::new("GET /poll/news", &fields)).await;
            assert_eq!((answer.status, answer.field("sse-refused")), (200, Some(status)));
            assert_eq!(answer.field("cache-control"), Some("no-store"));
            let end = format!("\ndata: {{\"status\":{status}}}\n\n");
            let retry = answer.body.strip_prefix("event: sse.refused\nretry: ");
            let retry = retry.and_then(|rest| rest.strip_suffix(&end)?.parse::<u64>().ok());
            let retry = retry.unwrap_or_else(|| panic!("{answer:?}"));
            assert!(seconds.contains(&(retry / 1_000)), "{retry} for {who}");
        }
    }
}

/// "It is asked after access is granted, and before a channel is looked at", with who asks.
pub async fn a_limiter_is_asked_behind_access(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let target = start(limited(&limiter)).await;
    for (line, who, status, asked) in [
        ("GET /poll/news", "junk", 401, None),
        ("GET /poll/news", "nobody", 403, None),
        ("POST /ping/news", "reader", 403, None),
        ("GET /poll/a/b", "both", 400, None),
        ("GET /", "both", 200, None),
        ("GET /poll/news", "both", 200, Some("listen news by both")),
        ("HEAD /poll/news", "reader", 200, Some("listen news by reader")),
        ("POST /ping/news", "writer", 200, Some("ping news by writer")),
        ("POST /pong/news", "writer", 404, Some("pong news by writer")),
        ("POST /close/news", "chief", 200, Some("close news by chief")),
        ("POST /ticket/news", "both", 200, Some("ticket news by both")),
    ] {
        let by = format!("Bearer {who}");
        let answer = ask(&target, &Asked::new(line, &[("Authorization", &by)])).await;
        assert_eq!(answer.status, status, "{line} {who}: {answer:?}");
        assert_eq!(limiter.take_asked(), Vec::from_iter(asked), "{line} {who}");
    }
}

/// What comes behind it is not told: neither that a channel is taken, nor that it is over, nor 404.
pub async fn a_limit_comes_before_the_channel(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let closing = |hub: HubConfig| hub.with_closed_ttl(Some(Duration::from_secs(600)));
    let setup = Setup { hub: closing, limiter: Some(limiter.clone()), ..guarded() };
    let target = start(setup).await;
    let _holder = listen_as(&target, "both", "news").await;
    let ended = listen_as(&target, "both", "room:1").await;
    let close = Asked::new("POST /close/room:1", &CHIEF);
    assert_eq!(ask(&target, &close).await.status, 200);
    drop(ended);
    let lines = [
        ("GET /poll/news", 423),
        ("GET /poll/room:1", 204),
        ("POST /ping/room:2", 404),
        ("POST /pong/news", 404),
    ];
    for (line, status) in lines {
        limiter.say(None);
        assert_eq!(ask(&target, &Asked::new(line, &BOTH)).await.status, status, "{line}");
        limiter.say(Some(full()));
        assert_eq!(ask(&target, &Asked::new(line, &BOTH)).await.status, 503, "{line}");
    }
}

/// "The seat of a listener is dropped when its connection ends": the client or the server may end it.
pub async fn a_seat_is_taken_until_the_connection_ends(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let setup = Setup { max_channel_bytes: 64 << 10, ..guarded() };
    let target = start(Setup { limiter: Some(limiter.clone()), ..setup }).await;

    let leaving = listen_as(&target, "chief", "news").await;
    let _stays = listen_as(&target, "chief", "stays").await;
    assert_eq!(limiter.seats(), 2);
    drop(leaving);
    limiter.until_seats(1).await;

    let mut closed = listen_as(&target, "chief", "news").await;
    assert_eq!(limiter.seats(), 2);
    assert_eq!(ask(&target, &Asked::new("POST /close/news", &CHIEF)).await.status, 200);
    closed.expect_end().await;
    limiter.until_seats(1).await;

    let mut revoked = listen_as(&target, "mallory", "news").await;
    assert_eq!(limiter.seats(), 2);
    revoke(&target, &Revocation::subject("mallory"));
    revoked.expect(super::EXPIRED).await;
    revoked.expect_end().await;
    limiter.until_seats(1).await;

    let mut expired = listen_as(&target, "brief.300", "news").await;
    expired.expect(super::EXPIRED).await;
    expired.expect_end().await;
    limiter.until_seats(1).await;
}

/// Also where the server cuts a listener that does not read, or lets another one take over.
pub async fn a_cut_or_replaced_listener_gives_its_seat_back(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let takeover = |hub: HubConfig| hub.with_mode(Mode::Takeover);
    let setup = Setup { hub: takeover, max_channel_bytes: 64 << 10, ..guarded() };
    let target = start(Setup { limiter: Some(limiter.clone()), ..setup }).await;
    let mut replaced = listen_as(&target, "chief", "news").await;
    let narrow = Connection::open_narrow(target.addr()).await;
    let mut newcomer = listen_over(narrow, "chief", "news").await;
    assert!(replaced.block().await.starts_with("event: sse.replaced\n"));
    replaced.expect_end().await;
    limiter.until_seats(1).await;

    // It reads nothing until it is cut.
    let data = "x".repeat(32 << 10);
    while publish(&target, "news", &data).await == 200 {}
    while newcomer.next_block().await.is_ok() {}

    limiter.until_seats(0).await;
}

/// "At once when the listener is refused for another reason"; a HEAD and a POST take none.
pub async fn a_refused_listener_takes_no_seat(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let closing =
        |hub: HubConfig| hub.with_closed_ttl(Some(Duration::from_secs(600))).with_max_listeners(1);
    let setup = Setup { hub: closing, limiter: Some(limiter.clone()), ..guarded() };
    let target = start(setup).await;
    let ended = listen_as(&target, "both", "room:1").await;
    let close = Asked::new("POST /close/room:1", &CHIEF);
    assert_eq!(ask(&target, &close).await.status, 200);
    drop(ended);
    limiter.until_seats(0).await;
    let _holder = listen_as(&target, "both", "news").await;
    for (line, status) in [
        ("GET /poll/news", 423),
        ("GET /poll/room:1", 204),
        ("GET /poll/room:2", 503),
        ("HEAD /poll/room:2", 200),
        ("HEAD /poll/news", 423),
        ("POST /ping/news", 200),
        ("POST /ping/room:2", 404),
        ("POST /ticket/news", 200),
    ] {
        let answer = ask(&target, &Asked::new(line, &BOTH)).await;
        assert_eq!((answer.status, limiter.seats()), (status, 1), "{line}");
    }
    let fields = [&CHROMIUM[..], &BOTH].concat();
    let told = ask(&target, &Asked::new("GET /poll/news", &fields)).await;
    assert_eq!((told.field("sse-refused"), limiter.seats()), (Some("423"), 1));
}

/// Clients are told apart by their addresses.
pub async fn a_limiter_is_told_the_address(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let target = start(limited(&limiter)).await;
    for line in ["GET /poll/news", "POST /ping/news"] {
        let mut connection = target.connect().await;
        let (method, path) = line.split_once(' ').expect("a method and a path");
        connection.send(head(method, path, &BOTH_AND_NO_BODY)).await;
        connection.head().await;
        let address = RemoteAddr::from(connection.local_addr());
        assert_eq!(limiter.address(), Some(address), "{line}");
    }
}

fn limited(limiter: &ScriptedLimiter) -> Setup {
    Setup { limiter: Some(limiter.clone()), ..remembering() }
}

fn full() -> Limited {
    Limited::Full { limit: "listeners of <one> address".into(), max: 7 }
}

fn too_fast(retry_after: Duration) -> Limited {
    Limited::TooFast { limit: "publications a second".into(), max: 9, retry_after }
}

const BOTH: [(&str, &str); 1] = [("Authorization", "Bearer both")];
const CHIEF: [(&str, &str); 1] = [("Authorization", "Bearer chief")];
const BOTH_AND_NO_BODY: [(&str, &str); 2] =
    [("Authorization", "Bearer both"), ("Content-Length", "0")];
const CHROMIUM: [(&str, &str); 2] = [("Accept", "text/event-stream"), ("Sec-Fetch-Mode", "cors")];
const OLD_BROWSER: [(&str, &str); 2] =
    [("Accept", "text/event-stream"), ("User-Agent", "Mozilla/5.0 (Macintosh)")];
