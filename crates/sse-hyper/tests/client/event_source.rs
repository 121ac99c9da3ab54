use std::time::{Duration, Instant};

use futures_util::StreamExt;
use sse_core::client::{ClientConfig, Disconnect, ReadyState};
use sse_hyper::{BuildError, EventSource, Notice, Publisher};
use sse_testkit::{ScriptedServer, Step};

/// Waits that are short but not so short that the floor matters.
const RETRY: Duration = Duration::from_millis(150);

#[tokio::test]
async fn id_is_kept_over_a_connection_without_one() {
    let server = ScriptedServer::start([
        stream("id: 1\ndata: a\n\n"),
        stream("data: b\n\n"),
        vec![Step::ExpectHead, Step::response("204 No Content", "")],
    ])
    .await;

    let notices = all(source(&server, config())).await;

    assert_eq!(
        notices,
        ["open", "a", "again: the stream ended", "open", "b", "again: the stream ended"]
    );
    let ids: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.field("last-event-id").map(str::to_owned))
        .collect();
    assert_eq!(ids, [None, Some("1".to_owned()), Some("1".to_owned())]);
}

#[tokio::test]
async fn request_has_the_headers_of_the_standard_and_the_callers() {
    let server = ScriptedServer::start([no_content()]).await;
    let uri = server.url("/poll/42?x=y").parse().unwrap();
    let source = EventSource::builder(uri)
        .with_config(config().with_last_event_id("é"))
        .with_header(http::header::USER_AGENT, "test".parse().unwrap())
        .with_basic_auth("user", "pass:word")
        .build()
        .unwrap();

    assert!(all(source).await.is_empty());

    let request = &server.requests()[0];
    assert!(request.head.starts_with("GET /poll/42?x=y HTTP/1.1\r\n"), "{}", request.head);
    for (name, value) in [
        ("accept", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("user-agent", "test"),
        ("authorization", "Basic dXNlcjpwYXNzOndvcmQ="),
        ("last-event-id", "é"),
    ] {
        assert_eq!(request.field(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn header_of_the_caller_takes_the_place_of_the_standards() {
    let server = ScriptedServer::start([no_content()]).await;
    let uri = server.url("/").parse().unwrap();
    let source = EventSource::builder(uri)
        .with_header(http::header::CACHE_CONTROL, "no-store".parse().unwrap())
        .with_header(http::header::COOKIE, "a=1".parse().unwrap())
        .with_header(http::header::COOKIE, "b=2".parse().unwrap())
        .build()
        .unwrap();

    assert!(all(source).await.is_empty());

    let head = server.requests()[0].head.to_lowercase();
    assert_eq!(head.matches("cache-control:").count(), 1, "{head}");
    for line in ["cache-control: no-store", "cookie: a=1", "cookie: b=2"] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[test]
fn address_that_nothing_can_be_reached_at_is_refused_at_once() {
    for uri in ["/poll/42", "127.0.0.1:8888", "ftp://127.0.0.1/poll/42"] {
        let source = EventSource::builder(uri.parse().unwrap()).build();
        let publisher = Publisher::builder(uri.parse().unwrap()).build();

        assert!(matches!(source, Err(BuildError::Address { .. })), "{source:?}");
        assert!(matches!(publisher, Err(BuildError::Address { .. })), "{publisher:?}");
    }
}

#[tokio::test]
async fn sources_without_a_seed_do_not_come_back_together() {
    let mut waits = Vec::new();
    for _ in 0..3 {
        let mut source = EventSource::builder(crate::nobody().parse().unwrap()).build().unwrap();
        let Some(Ok(Notice::Reconnecting { after, .. })) = source.next().await else {
            panic!("nobody listens there");
        };
        waits.push(after);
    }

    assert!(waits[0] != waits[1] || waits[1] != waits[2], "{waits:?}");
}

#[tokio::test]
async fn answers_that_are_no_stream_stop_it_with_the_reason() {
    let html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n";
    let bare = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let longer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-streamx\r\nContent-Length: 0\r\n\r\n";
    for (answer, reason) in [
        (Step::response("404 Not Found", ""), "gave up: the server answered 404 Not Found"),
        (
            Step::response("500 Internal Server Error", ""),
            "gave up: the server answered 500 Internal Server Error",
        ),
        (
            Step::response("301 Moved Permanently", ""),
            "gave up: the server answered 301 Moved Permanently",
        ),
        (Step::send(html), "gave up: the server sent \"text/html\", not text/event-stream"),
        (Step::send(bare), "gave up: the server sent no content type, not text/event-stream"),
        (
            Step::send(longer),
            "gave up: the server sent \"text/event-streamx\", not text/event-stream",
        ),
    ] {
        let server = ScriptedServer::start([vec![Step::ExpectHead, answer]]).await;

        assert_eq!(all(source(&server, config())).await, [reason]);
    }
}

#[tokio::test]
async fn type_in_any_case_and_with_parameters_opens() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=UTF-8\r\n\r\n";
    let server = ScriptedServer::start([vec![Step::ExpectHead, Step::send(head)]]).await;

    let notices = all(source(&server, config().with_reconnection(false))).await;

    assert_eq!(notices, ["open"]);
}

#[tokio::test]
async fn byte_order_mark_and_split_lines_are_read_as_they_should_be() {
    let events = "\u{feff}data: é\r\n\r\ndata: 2\r\n\r\n";
    let script =
        vec![Step::ExpectHead, Step::stream_head(), Step::SendSingly(events.as_bytes().to_vec())];
    let server = ScriptedServer::start([script]).await;

    let notices = all(source(&server, config().with_reconnection(false))).await;

    assert_eq!(notices, ["open", "é", "2"]);
}

#[tokio::test]
async fn retry_of_zero_is_no_hot_loop() {
    let scripts: Vec<_> = (0..4).map(|_| stream("retry: 0\n\n")).collect();
    let server = ScriptedServer::start(scripts.into_iter().chain([no_content()])).await;
    let started = Instant::now();

    all(source(&server, config())).await;

    assert_eq!(server.requests().len(), 5);
    assert!(Duration::from_millis(400) <= started.elapsed(), "{:?}", started.elapsed());
}

#[tokio::test]
async fn server_that_is_away_is_tried_again_once_a_stream_was_open() {
    let config = config().with_initial_retry(false);
    let server = ScriptedServer::start([stream("data: 1\n\n")]).await;
    let mut source = source(&server, config);
    for expected in ["open", "1", "again: the stream ended"] {
        assert_eq!(show(source.next().await.unwrap()), expected);
    }

    // The scripts are over, so the port is closed.
    let again = show(source.next().await.unwrap());

    assert!(again.starts_with("again: the connection failed: "), "{again}");
    assert!(again.contains("refused"), "{again}");
    assert_eq!(source.ready_state(), ReadyState::Connecting);
}

#[tokio::test]
async fn first_failure_is_an_error_for_who_wants_to_know() {
    let uri = crate::nobody().parse().unwrap();
    let config = config().with_initial_retry(false);
    let mut source = EventSource::builder(uri).with_config(config).build().unwrap();

    let gave_up = source.next().await.unwrap().unwrap_err();

    assert_eq!(*gave_up.disconnect(), Disconnect::Unreachable);
    assert!(gave_up.to_string().contains("refused"), "{gave_up}");
    assert!(source.next().await.is_none());
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn stream_that_breaks_off_is_told_from_one_that_ends() {
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                   Transfer-Encoding: chunked\r\n\r\n";
    for (rest, expected) in [
        ("9\r\ndata: 1\n\n\r\n0\r\n\r\n", &["open", "1"][..]),
        ("9\r\ndata: 1\n\n\r\n", &["open", "1", "gave up: the stream broke off"]),
        ("9\r\ndata", &["open", "Discarded(Unfinished", "gave up: the stream broke off"]),
    ] {
        let script = vec![Step::ExpectHead, Step::send(chunked), Step::send(rest)];
        let server = ScriptedServer::start([script]).await;

        let notices = all(source(&server, config().with_reconnection(false))).await;

        assert_eq!(notices.len(), expected.len(), "{notices:?}");
        for (notice, expected) in notices.iter().zip(expected) {
            assert!(notice.starts_with(expected), "{notice:?} is not {expected:?}");
        }
    }
}

#[tokio::test]
async fn head_that_does_not_come_is_given_up() {
    let server = ScriptedServer::start([vec![Step::ExpectHead, Step::Hold]]).await;
    let uri = server.url("/").parse().unwrap();
    let mut source = EventSource::builder(uri)
        .with_config(
            config().with_initial_retry(false).with_response_timeout(Duration::from_millis(100)),
        )
        .build()
        .unwrap();

    let gave_up = source.next().await.unwrap().unwrap_err();

    assert_eq!(gave_up.to_string(), "the connection failed: no answer within 100ms");
    server.until_departures(1).await;
}

#[tokio::test]
async fn dropping_or_closing_it_closes_the_connection() {
    let hold = || vec![Step::ExpectHead, Step::stream_head(), Step::Hold];
    let server = ScriptedServer::start([hold(), hold()]).await;

    let mut dropped = source(&server, config());
    assert_eq!(show(dropped.next().await.unwrap()), "open");
    drop(dropped);
    server.until_departures(1).await;
    let mut closed = source(&server, config());
    assert_eq!(show(closed.next().await.unwrap()), "open");
    closed.close();

    assert!(closed.next().await.is_none());
    server.until_departures(2).await;
    assert_eq!(closed.ready_state(), ReadyState::Closed);
}

#[tokio::test]
async fn persistent_source_tries_again_after_refusals() {
    let refused = vec![Step::ExpectHead, Step::response("423 Locked", "")];
    let server = ScriptedServer::start([refused, stream("data: 1\n\n"), no_content()]).await;

    let notices = all(source(&server, config().with_persistence(true))).await;

    assert_eq!(
        notices,
        ["again: the server answered 423 Locked", "open", "1", "again: the stream ended"],
    );
}

fn config() -> ClientConfig {
    ClientConfig::default().with_reconnection_time(RETRY).with_reconnection_cap(RETRY)
}

fn source(server: &ScriptedServer, config: ClientConfig) -> EventSource {
    let uri = server.url("/poll/42").parse().unwrap();
    EventSource::builder(uri).with_config(config).build().unwrap()
}

fn stream(events: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::stream_head(), Step::send(events)]
}

fn no_content() -> Vec<Step> {
    vec![Step::ExpectHead, Step::response("204 No Content", "")]
}

async fn all(source: EventSource) -> Vec<String> {
    source
        .filter_map(async |item| (!matches!(item, Ok(Notice::Retry(_)))).then(|| show(item)))
        .collect()
        .await
}

fn show(item: Result<Notice, sse_hyper::Interrupted>) -> String {
    match item {
        Ok(Notice::Open) => "open".to_owned(),
        Ok(Notice::Event(event)) => event.data().to_owned(),
        Ok(Notice::Comment(text)) => format!("comment: {text}"),
        Ok(Notice::Reconnecting { because, .. }) => format!("again: {because}"),
        Ok(other) => format!("{other:?}"),
        Err(gave_up) => format!("gave up: {gave_up}"),
    }
}
