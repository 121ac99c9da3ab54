//! A node that listens on very many channels: what each takes, and how long it takes to be told of all of them.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sse_core::history::History;
use sse_testkit::cluster::RedisServer;
use tokio::time::sleep;

use crate::{
    Result,
    child::Process,
    node::{Listener, Node, token},
    stats::memory,
};

/// Prints the table; whether that is enough, which it always is.
pub(crate) fn run(channels: usize) -> Result<bool> {
    let (redis, text) = (RedisServer::start(&[]), channels.to_string());
    let mut many = Process::start("channels-node", &["--url", &redis.url(), "--channels", &text])?;
    let joined = many.read()?;
    let redis_memory = used_memory(&redis) / channels as f64;
    let begun = Instant::now();
    let killed = redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).integer();
    if killed < 1 {
        return Err("there was no connection to kill".into());
    }
    many.read()?;
    let again = begun.elapsed().as_secs_f64();
    let alone = Process::start("channels-node", &["--channels", &text])?.read()?;
    let field = |answer: &Value, name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
    println!(
        "## {channels} channels\n\n\
         One listener each, at a node with one thread on the first processor; nothing is published. Then the connection \
         is killed on which messages come, and the time is taken until the node knows again that it has missed nothing.\n\n\
         | | over Redis | in memory |\n\
         |---|--:|--:|\n\
         | memory of a channel and its listener, bytes | {:.0} | {:.0} |\n\
         | until all have joined, s | {:.2} | {:.2} |\n\
         | until all is as before the connection was killed, s | {again:.2} | |\n\
         | memory of a channel in Redis, bytes | {redis_memory:.0} | |\n\n\
         A channel is subscribed to and opened by a script, then Redis is told how many listen; when a connection is lost, \
         every channel is subscribed to and looked at again. The store's own share of the memory is what is more than in \
         the hub without one.\n",
        field(&joined, "bytes"),
        field(&alone, "bytes"),
        field(&joined, "seconds"),
        field(&alone, "seconds"),
    );
    Ok(true)
}

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    url: Option<String>,
    #[arg(long)]
    channels: usize,
    /// How many join at once: each may wait for 5 s
    #[arg(long, default_value_t = 1_024)]
    at_once: usize,
}

/// The process with the channels.
pub(crate) async fn serve(Args { url, channels, at_once }: Args) -> Result<()> {
    let node = Node::start(url.as_deref(), History::new(7)).await?;
    let (before, begun) = (memory(), Instant::now());
    let joining = (0..channels).map(|number| {
        let node = &node;
        async move {
            let mut listener = node.join(&token(format!("channel {number}")), "").await?;
            listener.next().await.map_err(|reason| format!("{reason:?}"))?;
            Result::<_>::Ok(listener)
        }
    });
    let joined = stream::iter(joining).buffer_unordered(at_once).try_collect().await;
    let listeners: Vec<Listener> = joined.map_err(|error| {
        let known = node.store.as_ref().map(|store| (store.status(), store.counts()));
        format!("not all have joined: {error}, {known:?}")
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let Some(store) = &node.store else {
        println!("{}", json!({ "bytes": each(before, channels), "seconds": seconds }));
        return Ok(());
    };
    // Redis is told how many listen, and what was needed for that is given back.
    sleep(Duration::from_secs(2)).await;
    assert_eq!((store.counts().channels, listeners.len()), (channels, channels));
    println!("{}", json!({ "bytes": each(before, channels), "seconds": seconds }));
    let mut status = store.changed_from(&store.status()).await;
    while !status.is_ready() {
        status = store.changed_from(&status).await;
    }
    println!("true");
    Ok(())
}

fn each(before: u64, channels: usize) -> f64 {
    memory().saturating_sub(before) as f64 / channels as f64
}

fn used_memory(redis: &RedisServer) -> f64 {
    let info = redis.command(&["INFO", "memory"]).to_string();
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")?.parse().ok());
    used.unwrap_or(f64::NAN)
}

pub(crate) const MANY: usize = 100_000;
