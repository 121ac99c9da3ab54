//! How a source leaves.

use std::time::Duration;

use futures_util::StreamExt;
use sse_core::client::ReadyState;
use sse_testkit::{MemoryServer, Step};
use tokio::{runtime::Handle, task::yield_now, time::timeout};

use crate::support::{config, held, show, some, source, stream, within};

#[tokio::test(start_paused = true)]
async fn dropping_it_closes_the_connection_at_once_and_leaves_no_task() {
    let server = MemoryServer::new([held("data: a\n\n"), vec![Step::ExpectHead, Step::Hold]]);
    let tasks = || Handle::current().metrics().num_alive_tasks();

    let mut open = source(&server, config());
    some(&mut open, 2).await;
    assert_eq!(tasks(), 1, "the one of the server's connection");
    drop(open);
    yield_now().await;
    assert_eq!((server.departures(), tasks()), (1, 0));

    let mut waiting = source(&server, config());
    assert!(timeout(Duration::from_secs(1), waiting.next()).await.is_err());
    drop(waiting);
    yield_now().await;
    assert_eq!((server.departures(), tasks()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn closing_it_closes_the_connection_and_says_nothing() {
    let server = MemoryServer::new([held("data: a\n\ndata: b\n\n")]);
    let mut source = source(&server, config());
    some(&mut source, 2).await;

    source.close();

    assert!(source.next().await.is_none());
    assert!(source.next().await.is_none());
    assert_eq!(source.ready_state(), ReadyState::Closed);
    yield_now().await;
    assert_eq!(server.departures(), 1);
}

#[tokio::test(start_paused = true)]
async fn connection_that_was_given_up_is_closed_before_the_wait() {
    let server = MemoryServer::new([held("")]);
    let config = config().with_idle_timeout(Duration::from_secs(1));
    let mut source = source(&server, config);

    assert_eq!(some(&mut source, 2).await, ["open", "again: nothing came for 1s"]);

    yield_now().await;
    assert_eq!((server.departures(), server.connections()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn source_that_is_closed_while_it_waits_sends_no_request() {
    let server = MemoryServer::by(|_| Some(stream("")));
    let mut source = source(&server, config());
    assert_eq!(some(&mut source, 2).await, ["open", "again: the stream ended"]);

    source.close();

    assert!(within(source, Duration::from_secs(60)).await.is_empty());
    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_wait_can_be_cancelled_without_a_loss() {
    let slow = |data: &str| [Step::Sleep(Duration::from_secs(1)), Step::send(data)];
    let events: Vec<_> = (0..20).flat_map(|n| slow(&format!("id: {n}\ndata: {n}\n\n"))).collect();
    let first = [vec![Step::Sleep(Duration::from_secs(2))], stream("id: x\ndata: x\n\n")].concat();
    let second = [stream(""), events, vec![Step::Hold]].concat();
    let server = MemoryServer::new([first, second]);
    let mut source = source(&server, config());

    let mut seen = Vec::new();
    while seen.len() < 21 {
        if let Ok(item) = timeout(Duration::from_millis(333), source.next()).await {
            let notice = show(item.unwrap());
            if notice != "open" && !notice.starts_with("again") {
                seen.push(notice);
            }
        }
    }

    let expected: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(seen[0], "x");
    assert_eq!(seen[1..], expected);
    assert_eq!(server.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn restart_connects_at_once_with_the_last_id() {
    let server = MemoryServer::new([held("id: 1\ndata: a\n\n"), held("data: b\n\n")]);
    let mut source = source(&server, config());
    some(&mut source, 2).await;
    let before = tokio::time::Instant::now();

    source.restart();

    assert_eq!(some(&mut source, 2).await, ["open", "b"]);
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(server.departures(), 1);
    assert_eq!(server.requests()[1].field("last-event-id"), Some("1"));
}
