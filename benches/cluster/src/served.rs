//! The process of `crowd` with the listeners: each is a task that writes what it is told to a socket.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use crate::{
    Result,
    child::Parent,
    crowd::{CHANNEL, LISTENERS, data, history},
    flight::Flight,
    node::{Listener, Node, token},
    stats::cpu,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    url: Option<String>,
    #[arg(long, default_value_t = 0)]
    in_flight: u64,
}

/// A node of many, told by others; or one without a store, which publishes by itself.
pub(crate) async fn run(Args { url, in_flight }: Args) -> Result<()> {
    let mut parent = Parent::listen();
    let node = Node::start(url.as_deref(), history()).await?;
    let socket = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", socket.local_addr()?.port());
    let told = Arc::new(Told::new(in_flight));
    for _ in 0..LISTENERS {
        let (stream, _) = socket.accept().await?;
        stream.set_nodelay(true)?;
        let listener = node.join(&token(CHANNEL), "").await?;
        tokio::spawn(tell(listener, stream, told.clone()));
    }
    if node.store.is_none() {
        tokio::spawn(publish(node.clone(), told.clone()));
    }
    println!("true");
    parent.word().await?;
    let before = (cpu(), told.flight.delivered(), told.writes.load(Ordering::Relaxed));
    parent.word().await?;
    let (took, deliveries) = (cpu() - before.0, told.flight.delivered() - before.1);
    let counts = node.store.map(|store| store.counts());
    println!(
        "{}",
        json!({
            "micros": took.as_secs_f64() * 1e6,
            "deliveries": deliveries,
            "writes": told.writes.load(Ordering::Relaxed) - before.2,
            "ended": told.ended.load(Ordering::Relaxed),
            "refills": counts.map_or(0, |counts| counts.refills),
            "pages": counts.map_or(0, |counts| counts.pages),
        })
    );
    Ok(())
}

/// What all listeners were told.
struct Told {
    flight: Flight,
    writes: AtomicU64,
    ended: AtomicU64,
}

impl Told {
    fn new(in_flight: u64) -> Self {
        let flight = Flight::new(in_flight * LISTENERS);
        Self { flight, writes: AtomicU64::new(0), ended: AtomicU64::new(0) }
    }
}

/// Writes what one listener is told.
async fn tell(mut listener: Listener, mut stream: TcpStream, told: Arc<Told>) {
    let mut newest = 0;
    while let Ok(bytes) = listener.next().await {
        if stream.write_all(&bytes).await.is_err() {
            break;
        }
        told.writes.fetch_add(1, Ordering::Relaxed);
        told.flight.deliver(listener.newest.saturating_sub(newest));
        newest = listener.newest;
    }
    told.ended.fetch_add(1, Ordering::Relaxed);
}

async fn publish(node: Node, told: Arc<Told>) {
    let (token, data) = (token(CHANNEL), data());
    loop {
        told.flight.publish(LISTENERS).await;
        node.publish(&token, &data).await.expect("it is kept in memory");
    }
}
