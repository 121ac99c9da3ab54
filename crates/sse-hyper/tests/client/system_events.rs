//! `sse.open` and `sse.refused` behind every door of the source.

use std::time::Duration;

use futures_util::StreamExt;
use sse_core::client::Disconnect;
use sse_hyper::{BlockingEventSource, EventSource, Notice};
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{all, config, held, ids, no_content, show, some, source, stream, waits};

#[tokio::test(start_paused = true)]
async fn opening_is_kept_back_and_its_id_asked_for() {
    let server = MemoryServer::new([stream(OPEN), stream("data: a\n\n"), no_content()]);

    let seen = all(source(&server, config())).await;

    let (id, again) = ("LastEventId(\"0.abcdefgh\")", "again: the stream ended");
    assert_eq!(seen, ["open", "retry: 2s", id, again, "open", "a", again]);
    let id = Some("0.abcdefgh".to_owned());
    assert_eq!(ids(&server), [None, id.clone(), id]);
}

#[tokio::test(start_paused = true)]
async fn opening_and_refusal_are_events_to_a_client_that_asks_for_them() {
    let server = MemoryServer::new([stream(OPEN), refused("Sse-Refused: 423\r\n"), no_content()]);

    let seen = all(source(&server, config().with_system_events(true))).await;

    assert_eq!(
        seen,
        [
            "open",
            "retry: 2s",
            "{\"resume\":\"fresh\"}",
            "again: the stream ended",
            "retry: 60s",
            "{\"status\":423}",
            "again: the server refused for now: 423 Locked",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn refusal_is_waited_for_and_never_open() {
    let server = MemoryServer::new([
        refused("Sse-Refused: 423\r\n"),
        refused("Sse-Refused: 423\r\nContent-Length: 60\r\n"),
        no_content(),
    ]);

    let seen = all(source(&server, config().with_initial_retry(false))).await;

    let again = "again: the server refused for now: 423 Locked";
    assert_eq!(seen, ["retry: 60s", again, "retry: 60s", again]);
    assert!(waits(&server).iter().all(|&wait| Duration::from_secs(60) <= wait));
}

#[tokio::test(start_paused = true)]
async fn refusal_whose_header_is_gone_is_one_all_the_same() {
    let server = MemoryServer::new([refused(""), no_content()]);

    let seen = all(source(&server, config())).await;

    assert_eq!(seen, ["open", "retry: 60s", "again: the server refused for now: 423 Locked"]);
    assert!(Duration::from_secs(60) <= waits(&server)[0]);
}

#[tokio::test(start_paused = true)]
async fn refusal_is_the_end_where_there_is_no_other_connection() {
    let server = MemoryServer::new([refused("Sse-Refused: 423\r\n")]);
    let source = source(&server, config().with_reconnection(false));

    let seen: Vec<_> = source.collect().await;

    let refused = seen.last().unwrap().as_ref().unwrap_err();
    assert_eq!(refused.to_string(), "the server refused for now: 423 Locked");
    let Disconnect::Refused { status } = refused.disconnect() else { panic!("{refused:?}") };
    assert_eq!(status.as_u16(), 423);
}

#[test]
fn iterator_waits_for_a_server_that_refuses() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let body = "event: sse.refused\nretry: 1\ndata: {\"status\":503}\n\n";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSse-Refused: 503\r\n\r\n";
    let refused = vec![Step::ExpectHead, Step::send(format!("{head}{body}"))];
    let server = runtime.block_on(ScriptedServer::start([refused, held("data: a\n\n")]));
    let source = EventSource::builder(server.url("/").parse().unwrap()).build().unwrap();

    let seen: Vec<_> = BlockingEventSource::new(source).unwrap().take(4).map(show).collect();

    let again = "again: the server refused for now: 503 Service Unavailable";
    assert_eq!(seen, ["retry: 1ms", again, "open", "a"]);
}

#[tokio::test(start_paused = true)]
async fn wait_for_a_server_that_refuses_is_told() {
    let server = MemoryServer::new([refused("Sse-Refused: 423\r\n")]);
    let mut source = source(&server, config());

    assert_eq!(some(&mut source, 1).await, ["retry: 60s"]);

    let Some(Ok(Notice::Reconnecting { after, .. })) = source.next().await else {
        panic!("it will connect again");
    };
    assert!(Duration::from_secs(60) <= after && after <= Duration::from_secs(75), "{after:?}");
}

fn refused(fields: &str) -> Vec<Step> {
    let body = "event: sse.refused\nretry: 60000\ndata: {\"status\":423}\n\n";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{fields}\r\n");
    vec![Step::ExpectHead, Step::send(head + body)]
}

const OPEN: &str = "event: sse.open\nretry: 2000\ndata: {\"resume\":\"fresh\"}\nid: 0.abcdefgh\n\n";
