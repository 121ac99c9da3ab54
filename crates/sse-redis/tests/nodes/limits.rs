//! What is kept in Redis of each channel, and what clients are told of the rest.

use std::time::Duration;

use sse_core::{channel::Mode, history::History};
use sse_redis::RedisConfig;
use sse_testkit::{cluster::RedisServer, until};

use crate::support::Node;

async fn keeping(redis: &RedisServer, history: History) -> Node {
    let config = RedisConfig::new(redis.url());
    let node = Node::not_ready(config, history, |config| config.with_mode(Mode::Shared));
    node.store.ready().await.expect("Redis can be used");
    node
}

fn history() -> History {
    History::new(7)
}

#[tokio::test]
async fn as_many_events_as_are_promised_are_sent_and_no_more() {
    let redis = RedisServer::start(&[]);
    let few = || history().with_max_events(100);
    let a = keeping(&redis, few()).await;
    let first = a.publish("news", "1").await;
    for number in 2..=250 {
        a.publish("news", &number.to_string()).await;
    }

    let b = keeping(&redis, few()).await;
    let mut client = b.listen("news", &first.to_string()).await;

    let gap = client.next().await.unwrap();
    assert_eq!(gap.name, "sse.gap");
    assert!(
        gap.data.contains(r#""reason":"trimmed""#) && gap.data.contains(r#""missed":149"#),
        "{gap:?}"
    );
    let expected: Vec<_> = (151..=250).map(|number| number.to_string()).collect();
    assert_eq!(client.data(100).await, expected);
}

#[tokio::test]
async fn a_client_at_the_edge_of_what_is_kept_has_missed_nothing() {
    let redis = RedisServer::start(&[]);
    let few = || history().with_max_events(3);
    let a = keeping(&redis, few()).await;
    let edge = a.publish("news", "0").await;
    for data in ["1", "2", "3"] {
        a.publish("news", data).await;
    }

    let b = keeping(&redis, few()).await;
    let mut client = b.listen("news", &edge.to_string()).await;

    assert_eq!(client.next().await.unwrap().name, "sse.open");
    assert_eq!(client.data(3).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn events_beyond_the_bytes_of_a_channel_are_dropped() {
    let redis = RedisServer::start(&[]);
    let a = keeping(&redis, history().with_max_bytes(10_000)).await;
    let data = "x".repeat(1_000);
    for _ in 0..100 {
        a.publish("news", &data).await;
    }

    let kept = redis.command(&["EVAL", EVENTS, "0"]).integer();

    assert!((8..=12).contains(&kept), "{kept} events are kept");
}

#[tokio::test]
async fn events_over_age_are_not_sent() {
    let redis = RedisServer::start(&[]);
    let young = || history().with_max_age(Some(Duration::from_millis(300)));
    let a = keeping(&redis, young()).await;
    let mut at_a = a.listen("news", "").await;
    a.publish("news", "old").await;
    assert_eq!(at_a.data(1).await, ["old"]);
    let b = keeping(&redis, young()).await;

    until("the event to be over age", async || {
        let opened = b.hub.join(
            &crate::support::token("news"),
            &sse_core::history::Start::default().with_since(sse_core::history::Since::Earliest),
            None,
            std::time::Instant::now(),
        );
        let anchor = opened.await.unwrap().resume().unwrap().anchor();
        anchor.seq() == 1
    })
    .await;
    a.publish("news", "young").await;

    assert_eq!(at_a.data(1).await, ["young"]);
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_by_a_node_that_was_not_there() {
    let redis = RedisServer::start(&[]);
    let many = || history().with_max_events(5_000).with_max_bytes(64 << 20);
    let a = keeping(&redis, many()).await;
    let first = a.publish("news", "0").await;
    let data = "x".repeat(1_000);
    for number in 1..=1_000 {
        a.publish("news", &format!("{number} {data}")).await;
    }

    let b = keeping(&redis, many()).await;
    let mut client = b.listen("news", &first.to_string()).await;
    a.publish("news", "last").await;

    let all = client.data(1_001).await;
    let numbers: Vec<_> =
        all.iter().map(|data| data.split(' ').next().unwrap().to_owned()).collect();
    let expected = (1..=1_000).map(|number| number.to_string()).chain(["last".to_owned()]);
    assert_eq!(numbers, expected.collect::<Vec<_>>());
    assert!(1 < b.store.counts().pages, "{:?}", b.store.counts());
}

#[tokio::test]
async fn a_silent_channel_is_resumed_without_a_gap_by_a_node_that_begins_later() {
    let redis = RedisServer::start(&[]);
    let a = Node::start(&redis).await;
    let mut client = a.listen("news", "").await;
    let anchor = client.next().await.unwrap().id;
    assert!(anchor.starts_with("0."), "{anchor}");
    drop((client, a));

    let b = Node::start(&redis).await;
    let mut client = b.listen("news", &anchor).await;

    assert_eq!(client.next().await.unwrap().data, r#"{"resume":"ok"}"#);
    assert_eq!(b.publish("news", "1").await.seq(), 1);
    assert_eq!(client.data(1).await, ["1"]);
}

/// How many events there are in all streams.
const EVENTS: &str = "local count = 0 \
    for _, key in ipairs(redis.call('KEYS', '*:s:*')) do count = count + redis.call('XLEN', key) end \
    return count";
