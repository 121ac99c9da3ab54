//! Clients who all come back at once at another node, after they have missed some events.

use std::time::{Duration, Instant};

use sse_core::{
    Token,
    history::{History, Position},
};
use sse_testkit::cluster::RedisServer;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    Result,
    node::{Node, token},
    ratio::median,
    stats::Scripts,
};

/// Prints the table; whether that is enough.
pub(crate) async fn run(rounds: usize) -> Result<bool> {
    let redis = RedisServer::start(&[]);
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let node = Node::start(Some(&redis.url()), History::new(7).with_max_events(EVENTS)).await?;
        nodes.push(node);
    }
    let channels = fill(&nodes).await?;
    let before = (pages(&nodes), Scripts::of(&redis));
    let (mut seconds, mut behind) = (Vec::new(), 0);
    for _ in 0..rounds {
        let begun = Instant::now();
        behind += come_back(&nodes, &channels).await;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let pages = pages(&nodes) - before.0;
    let scripts = Scripts::of(&redis).since(before.1).calls as f64 / rounds as f64;
    let clients = CHANNELS * CLIENTS;
    let seconds = median(seconds.into_iter());
    println!(
        "## {clients} clients who come back at once\n\n\
         {CHANNELS} channels with {EVENTS} events each and {CLIENTS} clients each, who have missed {MISSED} events and join at \
         the other of two nodes, which both had listeners before. Median of {rounds} rounds.\n\n\
         | until all have what they missed, s | clients who have not | pages read from Redis | scripts that ran in Redis, a round |\n\
         |--:|--:|--:|--:|\n\
         | {seconds:.2} | {behind} (0) | {pages} (0) | {scripts:.0} |\n\n\
         The log of a node has what was published at the others, so nothing is asked: the scripts are those that a node \
         runs periodically in any case.\n"
    );
    Ok(behind == 0 && pages == 0)
}

struct Channel {
    token: Token,
    /// What its clients have read last.
    last: Position,
    top: u64,
}

/// Publishes all events, while somebody listens at each node.
async fn fill(nodes: &[Node]) -> Result<Vec<Channel>> {
    let mut filling = JoinSet::new();
    for number in 0..CHANNELS {
        let nodes = nodes.to_vec();
        filling.spawn(async move {
            let (token, mut last) = (token(format!("channel {number}")), None);
            let mut listeners = Vec::new();
            for node in &nodes {
                listeners.push(node.join(&token, "").await.expect("it may listen"));
            }
            for event in 1..=EVENTS {
                let published = nodes[0].publish(&token, &[b'x'; BYTES]).await;
                let position = published.expect("Redis takes it");
                last = if event <= EVENTS - MISSED { Some(position) } else { last };
            }
            let last = last.expect("more is kept than was missed");
            let top = last.seq() + MISSED as u64;
            for mut listener in listeners {
                while listener.newest < top {
                    listener.next().await.expect("the stream goes on");
                }
                // It stays, as in a node with more clients.
                tokio::spawn(async move { while listener.next().await.is_ok() {} });
            }
            Channel { token, last, top }
        });
    }
    Ok(filling.join_all().await)
}

/// All clients join and read what they missed; how many did not come to that.
async fn come_back(nodes: &[Node], channels: &[Channel]) -> usize {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        for Channel { token, last, top } in channels {
            let (node, token, top) = (nodes[client % nodes.len()].clone(), token.clone(), *top);
            let last = last.to_string();
            clients.spawn(timeout(PATIENCE, async move { read(&node, &token, &last, top).await }));
        }
    }
    let all = clients.join_all().await;
    all.iter().filter(|read| !matches!(read, Ok(Ok(MISSED)))).count()
}

/// How many events a client is told until it has all.
async fn read(node: &Node, token: &Token, last: &str, top: u64) -> Result<usize, String> {
    let joined = node.join(token, last).await;
    let (mut listener, mut events) = (joined.map_err(|error| error.to_string())?, 0);
    while listener.newest < top {
        let bytes = listener.next().await.map_err(|reason| format!("{reason:?}"))?;
        events += bytes.windows(PING.len()).filter(|window| *window == PING).count();
    }
    Ok(events)
}

fn pages(nodes: &[Node]) -> u64 {
    nodes.iter().flat_map(|node| &node.store).map(|store| store.counts().pages).sum()
}

const CHANNELS: usize = 100;
const CLIENTS: usize = 100;
const EVENTS: usize = 1_000;
const MISSED: usize = 20;
const BYTES: usize = 100;
const PING: &[u8] = b"event: ping\n";
const PATIENCE: Duration = Duration::from_secs(30);
