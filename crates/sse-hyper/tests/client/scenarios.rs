//! What clients are known to get wrong.

use std::time::Duration;

use sse_core::client::ReadyState;
use sse_testkit::{MemoryServer, Step};
use tokio::time::Instant;

use crate::support::{
    all, answer, config, head, held, ids, no_content, some, source, stream, waits, within,
};

#[tokio::test(start_paused = true)]
async fn s1_id_is_kept_over_a_connection_without_one() {
    let server =
        MemoryServer::new([stream("id: 1\ndata: a\n\n"), stream("data: b\n\n"), no_content()]);

    all(source(&server, config())).await;

    assert_eq!(ids(&server), [None, Some("1".to_owned()), Some("1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn s2_no_content_stops_it() {
    let server = MemoryServer::new([no_content(), held("")]);

    assert!(all(source(&server, config())).await.is_empty());

    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn s3_internal_error_stops_it_or_is_tried_again() {
    let scripts = || [answer("500 Internal Server Error"), stream("data: a\n\n"), no_content()];

    let server = MemoryServer::new(scripts());
    let error = "the server answered 500 Internal Server Error";
    assert_eq!(all(source(&server, config())).await, [format!("gave up: {error}")]);

    let server = MemoryServer::new(scripts());
    let notices = all(source(&server, config().with_status_retry(true))).await;
    assert_eq!(notices[..3], [format!("again: {error}"), "open".to_owned(), "a".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn s4_retry_after_is_honoured_at_first_and_after_a_stream() {
    for before in [&[][..], &[stream("id: 7\ndata: a\n\n")]] {
        let unavailable = head("503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0");
        let server = MemoryServer::new([before, &[unavailable, no_content()]].concat());

        all(source(&server, config().with_status_retry(true))).await;

        let wait = *waits(&server).last().unwrap();
        assert!((Duration::from_secs(2)..=Duration::from_secs(6)).contains(&wait), "{wait:?}");
        assert_eq!(server.connections(), before.len() + 2);
    }
}

#[tokio::test(start_paused = true)]
async fn s5_redirects_are_followed_and_a_loop_is_left() {
    for (status, location, path) in
        [(302, "http://a.example/x", "/x"), (307, "y/z?q", "/y/z?q"), (308, "/w", "/w")]
    {
        let redirect = vec![Step::ExpectHead, Step::redirect(status, location)];
        let server = MemoryServer::new([redirect, held("data: a\n\n")]);

        assert_eq!(some(&mut source(&server, config()), 2).await, ["open", "a"]);

        let target = server.requests()[1].head.split(' ').nth(1).unwrap().to_owned();
        assert_eq!(target, path);
    }
    let server = MemoryServer::by(|_| Some(vec![Step::ExpectHead, Step::redirect(302, "/stream")]));
    let first = some(&mut source(&server, config()), 1).await;
    assert_eq!(first, ["again: the server sent more than 20 redirects"]);
    assert_eq!(server.connections(), 21);
}

#[tokio::test(start_paused = true)]
async fn s6_s7_s8_other_types_stop_it_and_the_right_one_opens_in_any_case() {
    for (content_type, opens) in [
        ("Content-Type: text/html\r\n", false),
        ("Content-Type: text/event-streamx\r\n", false),
        ("Content-Type: Text/Event-Stream; charset=UTF-8\r\n", true),
        ("", false),
    ] {
        let script = head(&format!("200 OK\r\n{content_type}Connection: close"));
        let server = MemoryServer::by(move |_| Some(script.clone()));
        let mut source = source(&server, config());

        let first = some(&mut source, 1).await;

        assert_eq!(first[0] == "open", opens, "{content_type}: {first:?}");
        let state = if opens { ReadyState::Open } else { ReadyState::Closed };
        assert_eq!(source.ready_state(), state);
        if !opens {
            assert!(some(&mut source, 1).await.is_empty(), "it is over without a panic");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s9_id_that_is_not_ascii_is_sent_as_utf8() {
    let server = MemoryServer::new([stream("id: é…\ndata: a\n\n"), no_content()]);

    all(source(&server, config())).await;

    assert_eq!(ids(&server)[1].as_deref(), Some("é…"));
}

#[tokio::test(start_paused = true)]
async fn s10_retry_alone_is_taken_and_zero_is_no_hot_loop() {
    let floor = Duration::from_millis(100);
    for (retry, expected) in [("50", floor), ("250", Duration::from_millis(250)), ("0", floor)] {
        let script = stream(&format!("retry: {retry}\n\n"));
        let server = MemoryServer::by(move |_| Some(script.clone()));

        within(source(&server, config()), Duration::from_millis(3_500)).await;

        for wait in waits(&server) {
            assert!(expected <= wait && wait <= expected * 5 / 4, "retry {retry}: {wait:?}");
        }
        assert!(10 <= server.connections() && server.connections() <= 36, "retry {retry}");
    }
}

#[tokio::test(start_paused = true)]
async fn s11_server_that_is_away_for_a_while_is_found_again() {
    let start = Instant::now();
    let server = MemoryServer::by(move |number| match number {
        0 => Some(stream("id: 1\nretry: 200\ndata: a\n\n")),
        _ if start.elapsed() < Duration::from_millis(1_200) => None,
        _ => Some(held("data: b\n\n")),
    });

    let notices = within(source(&server, config()), Duration::from_secs(20)).await;

    assert_eq!(notices[notices.len() - 2..], ["open", "b"]);
    assert!(notices.iter().any(|notice| notice.contains("connection refused")), "{notices:?}");
    assert_eq!(ids(&server), [None, Some("1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn s13_byte_order_mark_is_dropped() {
    let server = MemoryServer::new([held("\u{feff}data: a\n\n")]);

    assert_eq!(some(&mut source(&server, config()), 2).await, ["open", "a"]);
}

#[tokio::test(start_paused = true)]
async fn s15_retries_are_counted_though_each_connection_opens() {
    let server = MemoryServer::by(|_| Some(stream("data: a\n\n")));

    let notices = all(source(&server, config().with_max_retries(3))).await;

    assert_eq!(server.connections(), 4);
    assert_eq!(notices.last().unwrap(), "gave up: the stream ended; given up after 3 retries");
}

#[tokio::test(start_paused = true)]
async fn s16_streams_that_are_empty_for_ever_are_no_hot_loop() {
    let server = MemoryServer::by(|_| Some(stream("")));

    within(source(&server, config()), Duration::from_secs(60)).await;

    assert!((16..=20).contains(&server.connections()), "{}", server.connections());
    assert!(waits(&server).iter().all(|wait| Duration::from_secs(3) <= *wait));
}
