//! A crowd of listeners at a node that others publish at, beside the same crowd at a hub without a store.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use sse_core::history::History;
use sse_testkit::cluster::RedisServer;
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinSet, time::sleep};

use crate::{
    Result,
    child::Process,
    node::{Node, token},
    ratio::{Rounds, median},
};

/// Prints the table; whether that is enough.
pub(crate) async fn run(rounds: usize) -> Result<bool> {
    let (mut alike, mut as_many) = (Rounds::default(), Rounds::default());
    let mut figures: [Vec<f64>; 6] = Default::default();
    for _ in 0..rounds {
        let shared = over_redis().await?;
        let memory = in_memory(IN_FLIGHT).await?;
        let like = in_memory(shared.per_write.round() as u64).await?;
        as_many.push(shared.micros, memory.micros);
        alike.push(shared.micros, like.micros);
        let all = [&shared, &memory, &like].map(|run| [run.per_write, run.per_second]);
        figures.iter_mut().zip(all.concat()).for_each(|(figures, figure)| figures.push(figure));
    }
    let [per_write, rate, memory_per_write, memory_rate, like_per_write, like_rate] =
        figures.map(|figures| median(figures.into_iter()));
    let (ratio, lowest, highest) = alike.ratio();
    println!(
        "## Delivery to {LISTENERS} listeners\n\n\
         Events of {BYTES} bytes on one channel, to sockets of a process with one thread on the first processor: published \
         at another node, {IN_FLIGHT} at a time without an answer, beside a hub without a store in which the process \
         publishes too, {IN_FLIGHT} at a time that are not delivered. Sends are nearly all of what it costs, and the more \
         events share one, the less is a delivery; so what counts is the comparison with a hub in which as many share \
         one. Medians of {rounds} rounds.\n\n\
         | | CPU of a delivery, µs | events a write | events/s | over Redis / this |\n\
         |---|--:|--:|--:|--:|\n\
         | over Redis | {:.4} | {per_write:.0} | {rate:.0} | |\n\
         | in memory, {IN_FLIGHT} in flight | {:.4} | {memory_per_write:.0} | {memory_rate:.0} | {:.2} |\n\
         | in memory, as many a write | {:.4} | {like_per_write:.0} | {like_rate:.0} | {ratio:.2} (≤ {MUST}; {lowest:.2} to {highest:.2}) |\n",
        alike.contestant(),
        as_many.reference(),
        as_many.ratio().0,
        alike.reference(),
    );
    Ok(ratio <= MUST)
}

async fn over_redis() -> Result<Delivered> {
    let redis = RedisServer::start(&[]);
    let node = Node::start(Some(&redis.url()), history()).await?;
    let mut crowd = Crowd::gather(&["--url", &redis.url()]).await?;
    let (mut publishers, is_over) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
    for _ in 0..IN_FLIGHT {
        let (node, is_over) = (node.clone(), is_over.clone());
        publishers.spawn(async move {
            let (token, data) = (token(CHANNEL), data());
            while !is_over.load(Ordering::Relaxed) {
                node.publish(&token, &data).await.expect("Redis takes it");
            }
        });
    }
    let delivered = crowd.measure().await;
    is_over.store(true, Ordering::Relaxed);
    publishers.join_all().await;
    delivered
}

async fn in_memory(in_flight: u64) -> Result<Delivered> {
    Crowd::gather(&["--in-flight", &in_flight.to_string()]).await?.measure().await
}

/// The process with the listeners, and their clients, who read.
struct Crowd {
    process: Process,
    _clients: JoinSet<()>,
}

impl Crowd {
    async fn gather(args: &[&str]) -> Result<Self> {
        let mut process = Process::start("crowd-node", args)?;
        let port = process.read()?.as_u64().ok_or("it names its port")?;
        let mut clients = JoinSet::new();
        for _ in 0..LISTENERS {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port as u16)).await?;
            clients.spawn(async move {
                let mut buffer = vec![0; 32 << 10];
                while stream.read(&mut buffer).await.is_ok_and(|len| 0 < len) {}
            });
        }
        if process.read()? != Value::Bool(true) {
            return Err("it is not ready".into());
        }
        Ok(Self { process, _clients: clients })
    }

    /// What the process does for a while, once all are at work.
    async fn measure(&mut self) -> Result<Delivered> {
        sleep(WARM_UP).await;
        self.process.go_on()?;
        sleep(MEASURED).await;
        self.process.go_on()?;
        let answer = self.process.read()?;
        let field = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
        if [field("ended"), field("refills"), field("pages")] != [0.0; 3] {
            return Err(format!("not all was delivered as it came: {answer}").into());
        }
        let deliveries = field("deliveries");
        Ok(Delivered {
            micros: field("micros") / deliveries,
            per_write: deliveries / field("writes"),
            per_second: deliveries / LISTENERS as f64 / MEASURED.as_secs_f64(),
        })
    }
}

struct Delivered {
    /// Of the processor, for one delivery.
    micros: f64,
    per_write: f64,
    per_second: f64,
}

pub(crate) fn data() -> Vec<u8> {
    vec![b'x'; BYTES]
}

/// No listener falls out of it, whatever the clients do.
pub(crate) fn history() -> History {
    History::new(7).with_max_events(100_000).with_max_bytes(100 << 20)
}

pub(crate) const CHANNEL: &str = "crowd";
pub(crate) const LISTENERS: u64 = 1_000;
pub(crate) const IN_FLIGHT: u64 = 32;

const BYTES: usize = 256;
const WARM_UP: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_millis(2_000);
const MUST: f64 = 1.25;
