//! What has to hold whatever becomes of Redis, and of the way to it. `FAULTS` says how often each goes wrong, and
//! `PARTITION` for how many seconds more Redis cannot be reached.

use std::{env, thread, time::Duration};

use sse_core::hub::PublishError;
use sse_redis::Status;
use sse_testkit::{
    checker::Checker,
    cluster::{Faults, Link, RedisServer},
    until,
};

use tokio::time::{sleep, timeout};

use crate::{
    load::Running,
    support::{Node, until_synchronous},
};

const DURABLE: [&str; 2] = ["--appendonly yes", "--appendfsync everysec"];
const CROWD: (usize, usize, usize) = (10, 60, 6);

fn times(few: usize) -> usize {
    env::var("FAULTS").map_or(few, |times| times.parse().expect("it is a number"))
}

/// Within what time delivery goes on: `BACK` says it in seconds.
fn back() -> Duration {
    let seconds = env::var("BACK").map_or(30, |seconds| seconds.parse().expect("it is a number"));
    Duration::from_secs(seconds)
}

/// For how much longer than it takes to be seen.
fn partition() -> Duration {
    let seconds =
        env::var("PARTITION").map_or(0, |seconds| seconds.parse().expect("it is a number"));
    Duration::from_secs(seconds)
}

async fn three(url: &str) -> Vec<Node> {
    let shared = |config: sse_core::HubConfig| config.with_mode(sse_core::channel::Mode::Shared);
    vec![
        Node::with(url, shared).await,
        Node::with(url, shared).await,
        Node::with(url, shared).await,
    ]
}

fn url(link: &Link) -> String {
    format!("redis://{}", link.addr())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_redis_is_killed_under_load() {
    let redis = RedisServer::start(&DURABLE);
    let checker = Checker::new().with_lost_tails();
    let running = Running::start(three(&redis.url()).await, &checker, CROWD);

    for _ in 0..times(2) {
        running.acknowledge(300).await;
        redis.kill();
        redis.restart();
        let again = timeout(back(), running.acknowledge(1)).await;
        again.expect("delivery goes on soon after Redis answers");
    }
    running.acknowledge(300).await;

    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_messages_are_dropped_repeated_and_reordered() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    let seed = 0x5EED;
    link.shuffle(seed, Faults { drop: 100, repeat: 100, reorder: 100 });
    let checker = Checker::new();
    let running = Running::start(three(&url(&link)).await, &checker, CROWD);

    for _ in 0..times(1) {
        running.acknowledge(1_000).await;
    }
    // The last events are found by the checks, which are seconds apart, or by what comes behind them.
    link.shuffle(seed, Faults::default());
    running.end().await;

    let (counts, summary) = (link.counts(), checker.summary());
    assert!(
        0 < counts.dropped && 0 < counts.repeated && 0 < counts.reordered,
        "seed {seed:#x}: {counts:?}"
    );
    assert_eq!((summary.gaps, summary.unknown, summary.refused), (0, 0, 0), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_stay_and_publications_are_refused_while_redis_cannot_be_reached() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    let checker = Checker::new();
    let running = Running::start(three(&url(&link)).await, &checker, CROWD);

    for _ in 0..times(1) {
        running.acknowledge(300).await;
        let refused = running.refused();
        link.partition();
        until("publications to be refused", async || refused + 20 <= running.refused()).await;
        sleep(partition()).await;
        link.heal();
        running.acknowledge(300).await;
    }
    running.end().await;

    let summary = checker.summary();
    assert_eq!((summary.gaps, summary.reconnections), (0, 0), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_has_gone_silent_is_found_and_what_it_missed_is_read() {
    let redis = RedisServer::start(&[]);
    let link = Link::to(redis.addr());
    let checker = Checker::new();
    let running = Running::start(three(&url(&link)).await, &checker, CROWD);

    for _ in 0..times(1) {
        running.acknowledge(300).await;
        link.black_hole_subscriptions();
        until("all nodes to know", async || running.load.are_all_away()).await;
        link.heal();
        running.acknowledge(300).await;
    }
    running.end().await;

    let summary = checker.summary();
    assert_eq!((summary.gaps, summary.reconnections), (0, 0), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_what_a_failover_has_lost_and_nobody_else_is_told_anything() {
    let primary = RedisServer::start(&[]);
    let replica = RedisServer::start(&[]);
    let replication = Link::to(primary.addr());
    follow(&replica, &replication).await;
    let link = Link::to(primary.addr());
    let checker = Checker::new().with_lost_tails();
    let nodes = three(&url(&link)).await;
    let mut silent = nodes[0].listen("silent", "").await;
    nodes[1].publish("silent", "before").await;
    assert_eq!(silent.data(1).await, ["before"]);
    let running = Running::start(nodes, &checker, CROWD);
    running.acknowledge(300).await;
    until_synchronous(&primary, &replica).await;

    // What is acknowledged from here on is lost.
    replication.partition();
    running.acknowledge(200).await;
    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    link.lead_to(replica.addr());
    link.cut();
    running.acknowledge(500).await;

    running.load.node(2).publish("silent", "after").await;
    assert_eq!(silent.data(1).await, ["after"]);
    running.end().await;
    let summary = checker.summary();
    assert!(0 < summary.gaps, "{summary}");
}

async fn follow(replica: &RedisServer, primary: &Link) {
    let (host, port) = ("127.0.0.1", primary.addr().port().to_string());
    replica.command(&["REPLICAOF", host, &port]);
    until("the replica to follow", async || {
        replica.command(&["INFO", "replication"]).to_string().contains("master_link_status:up")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_emptied_leaves_no_silent_gap() {
    let redis = RedisServer::start(&[]);
    let checker = Checker::new().with_lost_tails();
    let running = Running::start(three(&redis.url()).await, &checker, CROWD);

    for _ in 0..times(2) {
        running.acknowledge(300).await;
        redis.command(&["FLUSHALL"]);
    }
    running.acknowledge(300).await;
    running.end().await;

    assert!(0 < checker.summary().gaps, "{}", checker.summary());
}

#[tokio::test]
async fn publications_are_refused_while_redis_has_no_memory() {
    let redis = RedisServer::start(&[]);
    let a = Node::start(&redis).await;
    let mut at_a = a.listen("news", "").await;
    a.publish("news", "1").await;

    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = a.try_publish("news", "2").await.unwrap_err();
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    let next = a.publish("news", "3").await;

    assert!(
        matches!(&refused, PublishError::Unavailable(why) if why.to_string().contains("no memory"))
    );
    assert_eq!(next.seq(), 2);
    assert_eq!(at_a.data(2).await, ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publications_are_refused_while_a_script_runs_long() {
    let redis = RedisServer::start(&["--busy-reply-threshold 50"]);
    let a = Node::start(&redis).await;
    let mut at_a = a.listen("news", "").await;
    a.publish("news", "1").await;

    thread::scope(|scope| {
        let busy = scope.spawn(|| redis.command(&["EVAL", "while true do end", "0"]));
        until_blocking(|| redis.command(&["GET", "x"]).to_string().starts_with("BUSY"));
        let handle = tokio::runtime::Handle::current();
        let refused = tokio::task::block_in_place(|| handle.block_on(a.try_publish("news", "2")));
        redis.command(&["SCRIPT", "KILL"]);
        assert!(busy.join().unwrap().is_error());
        let refused = refused.unwrap_err();
        assert!(
            matches!(&refused, PublishError::Unavailable(why) if why.to_string().contains("busy")),
            "{refused}"
        );
    });
    let next = a.publish("news", "3").await;

    assert_eq!(next.seq(), 2);
    assert_eq!(at_a.data(2).await, ["1", "3"]);
}

#[tokio::test]
async fn a_node_waits_for_a_redis_that_reads_its_data() {
    let loading =
        ["--save 3600 1", "--key-load-delay 1000", "--loading-process-events-interval-bytes 1024"];
    let redis = RedisServer::start(&loading);
    let a = Node::start(&redis).await;
    let mut at_a = a.listen("news", "").await;
    a.publish("news", "1").await;
    redis.command(&["DEBUG", "POPULATE", "1000"]);
    redis.command(&["SAVE"]);

    redis.kill();
    redis.restart_without_waiting();
    until("the node to know", async || {
        matches!(a.store.status(), Status::Away { reason } if reason.contains("reads its data") || reason.contains("loading"))
    })
    .await;
    assert!(a.try_publish("news", "no").await.is_err());
    redis.wait_until_ready();
    until("the node to be back", async || a.store.status().is_ready()).await;
    a.publish("news", "2").await;

    assert_eq!(at_a.data(2).await, ["1", "2"]);
}

fn until_blocking(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::sleep(Duration::from_millis(2));
    }
}
