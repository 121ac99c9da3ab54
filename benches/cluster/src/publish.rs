//! Publications through a hub whose store is Redis, beside the same script in a bare loop, on the same server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use sse_core::{Token, history::History};
use sse_testkit::cluster::RedisServer;
use tokio::task::JoinSet;

use crate::{
    Result,
    bare::{Bare, draft},
    node::{Node, token},
    ratio::{Rounds, median},
    stats::{Scripts, cpu},
};

/// Prints the table; whether that is enough.
pub(crate) async fn run(rounds: usize) -> Result<bool> {
    let redis = RedisServer::start(&[]);
    let node = Node::start(Some(&redis.url()), History::new(7)).await?;
    let hub = Arc::new(Hub {
        tokens: (0..CHANNELS).map(|number| token(format!("channel {number}"))).collect(),
        node,
        data: "x".repeat(BYTES).into_bytes(),
    });
    let bare = Arc::new(Loop {
        bare: Bare::connect(&redis, CHANNELS).await?,
        draft: draft(&"x".repeat(BYTES))?,
    });
    let (mut measured, mut costs) = (Rounds::default(), [const { Vec::new() }; 4]);
    // The first round begins all channels.
    for round in 0..=rounds {
        let reference = throughput(&bare, &redis).await?;
        let contestant = throughput(&hub, &redis).await?;
        if 0 < round {
            measured.push(contestant.per_second, reference.per_second);
            let both = [contestant.own, reference.own, contestant.redis, reference.redis];
            costs.iter_mut().zip(both).for_each(|(costs, cost)| costs.push(cost));
        }
    }
    let (ratio, lowest, highest) = measured.ratio();
    let [own, bare_own, script, bare_script] = costs.map(|costs| median(costs.into_iter()));
    println!(
        "## Publishing\n\n\
         Events of {BYTES} bytes on {CHANNELS} channels without listeners, {IN_FLIGHT} in flight, through a hub, and the \
         same script called by {IN_FLIGHT} tasks in a bare loop over the `redis` crate, on the same Redis. Medians of \
         {rounds} rounds.\n\n\
         | | events/s | CPU of this process, µs an event | in the script, µs an event |\n\
         |---|--:|--:|--:|\n\
         | hub | {:.0} | {own:.1} | {script:.1} |\n\
         | bare loop | {:.0} | {bare_own:.1} | {bare_script:.1} |\n\
         | hub / bare loop | {ratio:.2} (≥ {MUST}; {lowest:.2} to {highest:.2}) | {:.2} | {:.2} |\n\n\
         Redis is what both wait for: nearly all of its time is the script. The hub sends what has gathered at once, and \
         so saves writes to the socket that pay for its task and its wake-ups.\n",
        measured.contestant(),
        measured.reference(),
        own / bare_own,
        script / bare_script,
    );
    Ok(MUST <= ratio)
}

/// Publishes events, each on the next of all channels.
trait Publisher: Send + Sync + 'static {
    fn publish(&self, number: usize) -> impl Future<Output = Result<()>> + Send;
}

struct Hub {
    node: Node,
    tokens: Vec<Token>,
    data: Vec<u8>,
}

impl Publisher for Hub {
    async fn publish(&self, number: usize) -> Result<()> {
        self.node.publish(&self.tokens[number % self.tokens.len()], &self.data).await.map(drop)
    }
}

struct Loop {
    bare: Arc<Bare>,
    draft: Vec<u8>,
}

impl Publisher for Loop {
    async fn publish(&self, number: usize) -> Result<()> {
        self.bare.publish(number, &self.draft).await
    }
}

/// What a publisher did, and what an event took, in microseconds.
struct Throughput {
    per_second: f64,
    own: f64,
    redis: f64,
}

async fn throughput(publisher: &Arc<impl Publisher>, redis: &RedisServer) -> Result<Throughput> {
    let scripts = Scripts::of(redis);
    let (next, mut tasks) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    let (begun, before) = (Instant::now(), cpu());
    for _ in 0..IN_FLIGHT {
        let (publisher, next) = (publisher.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if EVENTS <= number {
                    return;
                }
                publisher.publish(number).await.expect("Redis takes it");
            }
        });
    }
    tasks.join_all().await;
    let (took, own) = (begun.elapsed(), cpu() - before);
    let scripts = Scripts::of(redis).since(scripts);
    let micros = |seconds: f64| seconds * 1e6 / EVENTS as f64;
    Ok(Throughput {
        per_second: EVENTS as f64 / took.as_secs_f64(),
        own: micros(own.as_secs_f64()),
        redis: scripts.micros as f64 / scripts.calls as f64,
    })
}

const CHANNELS: usize = 10_000;
const IN_FLIGHT: usize = 64;
const EVENTS: usize = 30_000;
const BYTES: usize = 256;
const MUST: f64 = 0.8;
