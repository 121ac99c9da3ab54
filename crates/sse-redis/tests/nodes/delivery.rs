use std::time::{Duration, Instant};

use sse_core::{
    Event,
    channel::{CloseReason, IdempotencyKey},
    hub::{Post, PublishError, SubscribeError},
};
use sse_testkit::{cluster::RedisServer, until};

use crate::support::{Node, token};

#[tokio::test]
async fn what_is_published_at_one_node_is_delivered_at_all() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    let mut at_b = b.listen("news", "").await;

    let mut positions = Vec::new();
    for number in 0..50 {
        let node = if number % 2 == 0 { &a } else { &b };
        positions.push(node.publish("news", &number.to_string()).await.seq());
    }

    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(at_a.data(50).await, expected);
    assert_eq!(at_b.data(50).await, expected);
    assert_eq!(positions, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_client_resumes_at_another_node() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    assert_eq!(at_a.next().await.unwrap().name, "sse.open");
    a.publish("news", "1").await;
    let last = at_a.next().await.unwrap().id;
    drop(at_a);
    for data in ["2", "3", "4"] {
        a.publish("news", data).await;
    }

    let mut at_b = b.listen("news", &last).await;

    let opening = at_b.next().await.unwrap();
    assert_eq!((opening.name.as_str(), opening.data.as_str()), ("sse.open", r#"{"resume":"ok"}"#));
    assert_eq!(at_b.data(3).await, ["2", "3", "4"]);
}

#[tokio::test]
async fn a_batch_is_delivered_in_one_piece_everywhere() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_b = b.listen("news", "").await;

    let events = ["1", "2", "3"].map(Event::data);
    let published = a.hub.submit_all(&token("news"), events, Instant::now()).await.unwrap();
    a.publish("news", "4").await;

    assert_eq!(published.position().unwrap().seq(), 3);
    assert_eq!(at_b.data(4).await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn the_reconnection_time_reaches_listeners_everywhere_and_those_to_come() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let (mut at_a, mut at_b) = (a.listen("news", "").await, b.listen("news", "").await);
    assert_eq!(at_a.raw().await, opening(3_000, &at_a));
    assert_eq!(at_b.raw().await, opening(3_000, &at_b));

    let retry = Duration::from_millis(1_234);
    a.hub.submit_retry(&token("news"), retry, Instant::now()).await.unwrap().wake();

    a.publish("news", "next").await;
    for listener in [&mut at_a, &mut at_b] {
        let mut told = listener.raw().await;
        while !told.contains("next") {
            told += &listener.raw().await;
        }
        assert!(told.starts_with("retry: 1234\n\nevent: ping\ndata: next\n"), "{told}");
    }
    let c = Node::start(&redis).await;
    let mut at_c = c.listen("news", "").await;
    assert_eq!(at_c.raw().await, opening(1_234, &at_c));
}

fn opening(retry: u64, listener: &crate::support::Listener) -> String {
    let id = listener.anchor();
    format!("event: sse.open\nretry: {retry}\ndata: {{\"resume\":\"fresh\"}}\nid: {id}\n\n")
}

#[tokio::test]
async fn a_channel_that_is_finished_at_one_node_ends_at_all_and_stays_over_for_a_while() {
    let redis = RedisServer::start(&[]);
    let closed = |config: sse_core::HubConfig| {
        config
            .with_mode(sse_core::channel::Mode::Shared)
            .with_closed_ttl(Some(Duration::from_secs(2)))
    };
    let (a, b) = (Node::with(&redis.url(), closed).await, Node::with(&redis.url(), closed).await);
    let mut at_b = b.listen("news", "").await;
    a.publish("news", "last").await;

    a.hub.submit_close(&token("news"), Instant::now()).await.unwrap().wake();

    assert_eq!(at_b.data(1).await, ["last"]);
    assert_eq!(at_b.next().await.unwrap().name, "sse.end");
    assert_eq!(at_b.next().await, Err(CloseReason::Finished));
    assert_eq!(b.try_publish("news", "no").await.unwrap_err(), PublishError::NotConnected);
    assert_eq!(b.try_listen("news", "").await.err(), Some(SubscribeError::Ended));
    let c = Node::with(&redis.url(), closed).await;
    assert_eq!(c.try_publish("news", "no").await.unwrap_err(), PublishError::NotConnected);
    assert_eq!(c.try_listen("news", "").await.err(), Some(SubscribeError::Ended));

    until("the channel to be free again", async || b.try_publish("news", "new").await.is_ok())
        .await;
    let again = c.publish("news", "newer").await;
    assert_eq!(again.seq(), 2);
}

#[tokio::test]
async fn a_node_that_was_asked_for_a_channel_that_is_over_publishes_there_later() {
    let redis = RedisServer::start(&[]);
    let closed =
        |config: sse_core::HubConfig| config.with_closed_ttl(Some(Duration::from_millis(500)));
    let (a, b) = (Node::with(&redis.url(), closed).await, Node::with(&redis.url(), closed).await);
    a.publish("news", "1").await;
    a.hub.submit_close(&token("news"), Instant::now()).await.unwrap().wake();
    assert_eq!(b.try_listen("news", "").await.err(), Some(SubscribeError::Ended));

    until("the channel to be free again", async || b.try_publish("news", "2").await.is_ok()).await;

    assert_eq!(b.publish("news", "3").await.seq(), 2);
}

#[tokio::test]
async fn the_same_key_publishes_once_whichever_node_is_asked() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    let key = IdempotencyKey::try_from(&b"k1"[..]).unwrap();
    let post = |data| Post::new("ping", data).with_key(key.clone());

    let first = a.post("news", &post(b"once")).await.unwrap();
    let second = b.post("news", &post(b"once")).await.unwrap();
    let other = b.post("news", &post(b"another")).await.unwrap_err();

    assert_eq!((first.is_duplicate(), second.is_duplicate()), (false, true));
    assert_eq!(first.position(), second.position());
    assert_eq!(other, PublishError::KeyReused);
    b.publish("news", "next").await;
    assert_eq!(at_a.data(2).await, ["once", "next"]);
}

#[tokio::test]
async fn a_key_of_a_life_that_is_over_publishes_anew() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let key = IdempotencyKey::try_from(&b"k1"[..]).unwrap();
    let post = Post::new("ping", b"once").with_key(key);
    for data in ["before", "it"] {
        a.publish("news", data).await;
    }
    a.post("news", &post).await.unwrap().wake();
    a.hub.submit_close(&token("news"), Instant::now()).await.unwrap().wake();
    let mut listener = b.listen("news", "").await;

    let again = a.post("news", &post).await.unwrap();
    a.publish("news", "next").await;

    assert!(!again.is_duplicate());
    assert_eq!(again.position().unwrap().seq(), 1);
    assert_eq!(listener.data(2).await, ["once", "next"]);
}

#[tokio::test]
async fn publications_under_one_key_race_and_one_of_them_wins() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut at_a = a.listen("news", "").await;
    for round in 0..20 {
        let key = IdempotencyKey::try_from(format!("k{round}").as_bytes()).unwrap();
        let post = Post::new("ping", b"once").with_key(key);

        let (at_one, at_other) = tokio::join!(a.post("news", &post), b.post("news", &post));

        let both = [at_one.unwrap(), at_other.unwrap()];
        assert_eq!(both.iter().filter(|it| it.is_duplicate()).count(), 1, "round {round}");
        assert_eq!(both[0].position(), both[1].position());
    }
    a.publish("news", "end").await;
    assert_eq!(at_a.data(21).await.last().unwrap(), "end");
}

#[tokio::test]
async fn publishers_are_told_how_many_listen_at_all_nodes() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let at_a = a.listen("news", "").await;
    let at_b = [b.listen("news", "").await, b.listen("news", "").await];

    let listeners = async |node: &Node| node.try_publish("news", "hi").await.unwrap().listeners();
    until("both to count three", async || (listeners(&a).await, listeners(&b).await) == (3, 3))
        .await;

    drop(at_b);
    until("one to be left", async || (listeners(&a).await, listeners(&b).await) == (1, 1)).await;
    drop(at_a);
    until("nobody to be left", async || listeners(&b).await == 0).await;
}

#[tokio::test]
async fn a_listener_is_counted_soon_however_often_others_publish_meanwhile() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    for number in 0..30 {
        let channel = format!("news:{number}");
        let listeners = async || b.try_publish(&channel, "hi").await.unwrap().listeners();
        assert_eq!(listeners().await, 0);

        let (at_a, _) = tokio::join!(a.listen(&channel, ""), listeners());

        let counted = until("it to be counted", async || listeners().await == 1);
        let soon = tokio::time::timeout(Duration::from_secs(10), counted).await;
        assert!(soon.is_ok(), "{channel} is counted by a later check alone");
        drop(at_a);
    }
}

#[tokio::test]
async fn the_listeners_of_a_node_that_has_ended_are_not_counted_any_more() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (Node::start(&redis).await, Node::start(&redis).await);
    let _at_b = b.listen("news", "").await;
    let listeners = async || a.try_publish("news", "hi").await.unwrap().listeners();
    until("one to be counted", async || listeners().await == 1).await;

    b.store.end().await;

    assert_eq!(listeners().await, 0);
}
