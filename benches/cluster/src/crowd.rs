//! A crowd of listeners at a node that others publish at, beside the same crowd at a hub without a store.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use serde_json::Value;
use sse_core::history::History;
use sse_testkit::cluster::RedisServer;
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinSet, time::sleep};

use crate::{
    Result,
    child::Process,
    flight::Flight,
    node::{Node, token},
    ratio::{Rounds, median},
};

/// Prints the table; whether that is enough.
pub(crate) async fn run(rounds: usize) -> Result<bool> {
    let (mut measured, mut shared) = (Rounds::default(), [const { Vec::new() }; 4]);
    for _ in 0..rounds {
        let memory = in_memory().await?;
        let cluster = over_redis().await?;
        measured.push(cluster.micros, memory.micros);
        let all = [cluster.per_write, memory.per_write, cluster.per_second, memory.per_second];
        shared.iter_mut().zip(all).for_each(|(figures, figure)| figures.push(figure));
    }
    let (ratio, lowest, highest) = measured.ratio();
    let [per_write, memory_per_write, per_second, memory_per_second] =
        shared.map(|figures| median(figures.into_iter()));
    println!(
        "## Delivery to {LISTENERS} listeners\n\n\
         Events of {BYTES} bytes on one channel, {IN_FLIGHT} in flight, to sockets of a process with one thread on the \
         first processor: published at another node, beside a hub without a store in which the process publishes too. \
         Medians of {rounds} rounds.\n\n\
         | | CPU of a delivery, µs | events a write | events/s |\n\
         |---|--:|--:|--:|\n\
         | over Redis | {:.4} | {per_write:.0} | {per_second:.0} |\n\
         | in memory | {:.4} | {memory_per_write:.0} | {memory_per_second:.0} |\n\
         | over Redis / in memory | {ratio:.2} (≤ {MUST}; {lowest:.2} to {highest:.2}) | | |\n",
        measured.contestant(),
        measured.reference(),
    );
    Ok(ratio <= MUST)
}

async fn over_redis() -> Result<Delivered> {
    let redis = RedisServer::start(&[]);
    let node = Node::start(Some(&redis.url()), history()).await?;
    let mut crowd = Crowd::gather(Some(redis.url())).await?;
    let flight = crowd.flight.clone();
    let publishing = tokio::spawn(async move {
        let (token, data, mut running) = (token(CHANNEL), data(), JoinSet::new());
        loop {
            flight.publish().await;
            let (node, token, data) = (node.clone(), token.clone(), data.clone());
            running.spawn(async move {
                node.publish(&token, &data).await.expect("Redis takes it");
            });
            while running.try_join_next().is_some() {}
        }
    });
    let delivered = crowd.measure().await;
    publishing.abort();
    delivered
}

async fn in_memory() -> Result<Delivered> {
    Crowd::gather(None).await?.measure().await
}

/// The process with the listeners, and their clients, who read.
struct Crowd {
    process: Process,
    /// As the clients see it.
    flight: Arc<Flight>,
    _clients: JoinSet<()>,
}

impl Crowd {
    async fn gather(url: Option<String>) -> Result<Self> {
        let mut process = Process::start("crowd-node", url)?;
        let port = process.read()?.as_u64().ok_or("it names its port")?;
        let (mut clients, flight) = (JoinSet::new(), Arc::new(Flight::default()));
        for _ in 0..LISTENERS {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port as u16)).await?;
            let flight = flight.clone();
            clients.spawn(async move {
                let mut buffer = vec![0; 32 << 10];
                while let Ok(len @ 1..) = stream.read(&mut buffer).await {
                    flight
                        .deliver(buffer[..len].iter().filter(|&&byte| byte == MARK).count() as u64);
                }
            });
        }
        if process.read()? != Value::Bool(true) {
            return Err("it is not ready".into());
        }
        Ok(Self { process, flight, _clients: clients })
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

/// An event by which clients count.
pub(crate) fn data() -> Vec<u8> {
    let mut data = vec![b'x'; BYTES];
    data[0] = MARK;
    data
}

/// No listener falls out of it, whatever the clients do.
pub(crate) fn history() -> History {
    History::new(7).with_max_events(100_000).with_max_bytes(100 << 20)
}

pub(crate) const CHANNEL: &str = "crowd";
pub(crate) const LISTENERS: u64 = 1_000;
pub(crate) const IN_FLIGHT: u64 = 32;

const BYTES: usize = 256;
const MARK: u8 = b'@';
const WARM_UP: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_millis(2_000);
const MUST: f64 = 1.25;
