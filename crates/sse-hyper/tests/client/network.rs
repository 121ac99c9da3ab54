//! What the network does to a stream.

use std::time::Duration;

use sse_core::client::ClientConfig;
use sse_hyper::EventSource;
use sse_testkit::{MemoryServer, Step};

use crate::support::{all, builder, config, held, ids, no_content, some, source, stream, within};

#[tokio::test(start_paused = true)]
async fn connection_that_is_refused_or_breaks_before_the_head_is_made_again() {
    let reset = || vec![Step::ExpectHead, Step::Reset];
    let closed = || vec![Step::ExpectHead, Step::Close];
    for first in [None, Some(reset()), Some(closed())] {
        let mut first = Some(first);
        let server = MemoryServer::by(move |_| first.take().unwrap_or_else(|| Some(no_content())));

        let notices = all(source(&server, config())).await;

        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].starts_with("again: the connection failed: "), "{notices:?}");
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn complete_events_are_delivered_before_a_break_and_a_half_one_never() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    let long = Step::send(format!("{head}Content-Length: 1000\r\n\r\ndata: a\n\ndata: half"));
    for rest in [
        vec![long.clone(), Step::Close],
        vec![long, Step::Reset],
        vec![Step::chunked_head(), Step::send("14\r\ndata: a\n\ndata: half"), Step::Close],
        vec![Step::chunked_head(), Step::chunk("data: a\n\ndata: half"), Step::Reset],
    ] {
        let server = MemoryServer::new([[vec![Step::ExpectHead], rest].concat(), no_content()]);

        let notices = all(source(&server, config())).await;

        assert_eq!(notices.len(), 4, "{notices:?}");
        let discarded = "Discarded(Unfinished { text: \"data: half\" })";
        assert_eq!(notices[..3], ["open", "a", discarded]);
        assert!(notices[3].starts_with("again: the stream broke off: "), "{notices:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_ended_by_the_idle_timeout_and_comments_end_the_silence() {
    let quiet = Step::Sleep(Duration::from_secs(8));
    let script = vec![
        Step::ExpectHead,
        Step::stream_head(),
        quiet.clone(),
        Step::send(":\n\n"),
        quiet,
        Step::send("id: 1\ndata: a\n\n"),
        Step::Hold,
    ];
    let server = MemoryServer::new([script, no_content()]);
    let config = config().with_idle_timeout(Duration::from_secs(10));

    let notices = all(source(&server, config)).await;

    assert_eq!(notices, ["open", "a", "again: nothing came for 10s"]);
    assert_eq!(server.departures(), 1, "the silent connection is closed");
    assert_eq!(ids(&server)[1].as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn head_that_does_not_come_is_given_up() {
    let server = MemoryServer::new([vec![Step::ExpectHead, Step::Hold], no_content()]);
    let config = config().with_response_timeout(Duration::from_secs(7));

    let notices = all(source(&server, config)).await;

    assert_eq!(notices, ["again: the connection failed: no answer within 7s"]);
    assert_eq!(server.departures(), 1);
}

#[tokio::test(start_paused = true)]
async fn connection_that_does_not_come_is_given_up() {
    let mut source = EventSource::builder("http://a.example/".parse().unwrap())
        .with_connector(|_uri| std::future::pending::<std::io::Result<tokio::io::DuplexStream>>())
        .with_connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();

    let first = some(&mut source, 1).await;

    assert_eq!(first, ["again: the connection failed: no connection within 5s"]);
}

#[tokio::test(start_paused = true)]
async fn post_is_sent_once_and_its_end_is_the_end() {
    for (config, requests) in
        [(config(), 1), (config().with_repetition(true).with_max_retries(2), 3)]
    {
        let script = vec![
            Step::ExpectHead,
            Step::ExpectBody,
            Step::stream_head(),
            Step::send("data: a\n\n"),
        ];
        let server = MemoryServer::by(move |_| Some(script.clone()));
        let source = builder(&server)
            .with_config(config)
            .with_method(http::Method::POST)
            .with_body("ask")
            .build()
            .unwrap();

        let notices = all(source).await;

        assert_eq!(notices[..2], ["open", "a"]);
        assert_eq!(server.requests().len(), requests);
        for request in server.requests() {
            assert!(request.head.starts_with("POST /stream HTTP/1.1\r\n"), "{}", request.head);
            assert_eq!(request.body, b"ask");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn id_that_fits_in_no_header_is_reported_and_left_out() {
    let server = MemoryServer::new([stream("id: a\u{1}b\ndata: a\n\n"), held("")]);
    let mut source = source(&server, ClientConfig::default());

    let notices = some(&mut source, 5).await;

    assert_eq!(notices[3], "LastEventIdOmitted(\"a\\u{1}b\")", "{notices:?}");
    assert_eq!(notices[4], "open");
    assert_eq!(ids(&server), [None, None]);
    assert_eq!(source.last_event_id(), "a\u{1}b");
}

#[tokio::test(start_paused = true)]
async fn time_that_is_over_ends_it_in_the_middle_of_a_stream() {
    let server = MemoryServer::new([held("data: a\n\n")]);
    let limit = Duration::from_secs(60);

    let notices = within(source(&server, config().with_max_time(limit)), 2 * limit).await;

    assert_eq!(notices, ["open", "a", "gave up: 60s are over"]);
    tokio::task::yield_now().await;
    assert_eq!(server.departures(), 1);
}

#[tokio::test(start_paused = true)]
async fn user_in_the_address_becomes_a_header() {
    let server = MemoryServer::new([no_content()]);
    let uri = "http://me:open%20sesame@a.example/stream".parse().unwrap();
    let connecting = server.clone();
    let source = EventSource::builder(uri)
        .with_connector(move |_uri| std::future::ready(connecting.connect()))
        .build()
        .unwrap();

    all(source).await;

    let request = &server.requests()[0];
    assert_eq!(request.field("authorization"), Some("Basic bWU6b3BlbiBzZXNhbWU="));
    assert_eq!(request.field("host"), Some("a.example"));
}

#[tokio::test(start_paused = true)]
async fn address_is_written_as_http_wants_it() {
    for (uri, line) in [
        ("http://a.example?x=1", "GET /?x=1 HTTP/1.1\r\n"),
        ("http://a.example/é", "GET /%C3%A9 HTTP/1.1\r\n"),
        ("http://a.example/poll/..", "GET /poll/.. HTTP/1.1\r\n"),
    ] {
        let server = MemoryServer::new([no_content()]);
        let connecting = server.clone();
        let source = EventSource::builder(uri.parse().unwrap())
            .with_connector(move |_uri| std::future::ready(connecting.connect()))
            .build()
            .unwrap();

        all(source).await;

        let head = &server.requests()[0].head;
        assert!(head.starts_with(line), "{head}");
    }
}
