//! Channels that one listener has at most, whichever node it is at.

use sse_core::{
    HubConfig,
    channel::{CloseReason, Mode},
    hub::SubscribeError,
};
use sse_testkit::{
    cluster::{Link, RedisServer},
    until,
};

use crate::support::{Listener, Node};

async fn node(redis: &RedisServer, mode: Mode) -> Node {
    Node::with(&redis.url(), |config| config.with_mode(mode)).await
}

/// A node that reaches Redis by `link`.
async fn behind(link: &Link, mode: Mode) -> Node {
    let url = format!("redis://{}", link.addr());
    Node::with(&url, |config: HubConfig| config.with_mode(mode)).await
}

async fn is_replaced(listener: &mut Listener) -> bool {
    loop {
        match listener.next().await {
            Ok(_) => (),
            Err(reason) => return reason == CloseReason::Replaced,
        }
    }
}

#[tokio::test]
async fn an_exclusive_channel_has_one_listener_at_all_nodes_together() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (node(&redis, Mode::Exclusive).await, node(&redis, Mode::Exclusive).await);
    let mut at_a = a.listen("42", "").await;

    assert_eq!(b.try_listen("42", "").await.err(), Some(SubscribeError::Taken));
    assert_eq!(a.try_listen("42", "").await.err(), Some(SubscribeError::Taken));
    b.publish("42", "hi").await;
    assert_eq!(at_a.data(1).await, ["hi"]);

    drop(at_a);
    until("the channel to be free", async || b.try_listen("42", "").await.is_ok()).await;
}

#[tokio::test]
async fn a_second_listener_takes_a_channel_over_from_one_at_another_node() {
    let redis = RedisServer::start(&[]);
    let (a, b) = (node(&redis, Mode::Takeover).await, node(&redis, Mode::Takeover).await);
    let mut at_a = a.listen("42", "").await;
    a.publish("42", "for both").await;

    let mut at_b = b.listen("42", "").await;
    let mut again_at_a = a.listen("42", "").await;
    b.publish("42", "for the last").await;

    assert_eq!(at_a.data(1).await, ["for both"]);
    assert!(is_replaced(&mut at_a).await);
    assert!(is_replaced(&mut at_b).await);
    assert_eq!(again_at_a.data(1).await, ["for the last"]);
}

#[tokio::test]
async fn a_listener_keeps_its_channel_when_its_node_was_away_and_nobody_took_it() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    let (a, b) = (behind(&link, Mode::Exclusive).await, node(&redis, Mode::Exclusive).await);
    let mut at_a = a.listen("42", "").await;
    assert_eq!(at_a.next().await.unwrap().name, "sse.open");

    link.partition();
    until("the node to be away", async || !a.store.status().is_ready()).await;
    // The claim is over, and what it was for is not.
    until("nobody to be known there", async || {
        redis.command(&["KEYS", "*:l:*"]).elements().is_empty()
    })
    .await;
    b.publish("42", "meanwhile").await;
    link.heal();

    assert_eq!(at_a.data(1).await, ["meanwhile"]);
    until("the node to be back", async || a.store.status().is_ready()).await;
    assert_eq!(b.try_listen("42", "").await.err(), Some(SubscribeError::Taken));
}

#[tokio::test]
async fn a_listener_is_replaced_when_its_node_was_away_and_another_took_its_channel() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    let (a, b) = (behind(&link, Mode::Exclusive).await, node(&redis, Mode::Exclusive).await);
    let mut at_a = a.listen("42", "").await;
    assert_eq!(at_a.next().await.unwrap().name, "sse.open");

    link.partition();
    until("the channel to be free", async || {
        b.try_listen("42", "").await.is_ok_and(|at_b| {
            std::mem::forget(at_b);
            true
        })
    })
    .await;
    b.publish("42", "for the other").await;
    link.heal();

    let end = loop {
        match at_a.next().await {
            Ok(seen) => assert_ne!(seen.data, "for the other"),
            Err(reason) => break reason,
        }
    };
    assert_eq!(end, CloseReason::Replaced);
}

#[tokio::test]
async fn a_claim_that_is_forgotten_by_redis_is_taken_again() {
    let redis = RedisServer::start(&[]);
    let a = node(&redis, Mode::Exclusive).await;
    let mut at_a = a.listen("42", "").await;
    a.publish("42", "1").await;
    assert_eq!(at_a.data(1).await, ["1"]);

    redis.command(&["FLUSHALL"]);
    a.publish("42", "2").await;

    // What was known of it is lost, which its client has to be told.
    let end = loop {
        if let Err(reason) = at_a.next().await {
            break reason;
        }
    };
    assert_eq!(end, CloseReason::Failed);
    drop(at_a);
    until("the channel to be free", async || a.try_listen("42", "").await.is_ok()).await;
}

#[tokio::test]
async fn a_claim_is_let_go_of_when_its_listener_leaves() {
    let redis = RedisServer::start(&[]);
    let a = node(&redis, Mode::Takeover).await;
    let claims = || redis.command(&["EVAL", CLAIMS, "0"]).integer();
    let at_a = a.listen("42", "").await;
    assert_eq!(claims(), 1);

    drop(at_a);

    until("the claim to be gone", async || claims() == 0).await;
}

/// How many channels are claimed.
const CLAIMS: &str = "local count = 0 \
    for _, key in ipairs(redis.call('KEYS', '*:m:*')) do count = count + redis.call('HEXISTS', key, 'h') end \
    return count";
