//! From a publication at one node to its delivery at another, beside what a message of Redis takes alone and what the
//! hub takes without a store.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant},
};

use redis::{aio::MultiplexedConnection, cmd};
use sse_core::{Token, history::History};
use sse_testkit::cluster::RedisServer;
use tokio::time::{interval, sleep};

use crate::{
    Result,
    bare::{self, Bare, draft},
    node::{Node, token},
    ratio::median,
};

/// Prints the table; whether that is enough.
pub(crate) async fn run(rounds: usize) -> Result<bool> {
    let redis = RedisServer::start(&[]);
    let url = redis.url();
    let (a, b, alone) = (node(Some(&url)).await?, node(Some(&url)).await?, node(None).await?);
    let news = token("news");
    let (at_b, at_alone) = (listen(&b, &news).await?, listen(&alone, &news).await?);
    let bare = Bare::connect(&redis, 1).await?;
    let (_connection, at_script) = hear(&redis, bare.channel()).await?;
    let (_connection, at_message) = hear(&redis, CHANNEL).await?;
    let sending = bare::client(&redis)?.get_multiplexed_async_connection().await?;

    let mut figures: [Vec<f64>; 10] = Default::default();
    for round in 0..=rounds {
        let across = paced(&at_b, |data| publish(&a, &news, data)).await?;
        let message = paced(&at_message, |data| send(sending.clone(), data)).await?;
        let script = paced(&at_script, |data| run_script(&bare, data)).await?;
        let memory = paced(&at_alone, |data| publish(&alone, &news, data)).await?;
        if 0 < round {
            let ratios = [0, 1].map(|at| across[at] / (message[at] + memory[at]));
            let all = ratios.into_iter().chain(across).chain(message).chain(memory).chain(script);
            figures.iter_mut().zip(all).for_each(|(figures, figure)| figures.push(figure));
        }
    }
    let lowest = figures[0].iter().copied().fold(f64::MAX, f64::min);
    let highest = figures[0].iter().copied().fold(0.0, f64::max);
    let medians = figures.map(|figures| median(figures.into_iter()));
    let [
        ratio,
        ratio_99,
        across,
        across_99,
        message,
        message_99,
        memory,
        memory_99,
        script,
        script_99,
    ] = medians;
    println!(
        "## From one node to another\n\n\
         1,000 events of {BYTES} bytes a second on one channel, from before the publication until a task has the event: \
         published at one node and delivered at another, beside `PUBLISH` on one connection of the `redis` crate and the \
         message on another, and beside a hub without a store. Medians of {rounds} rounds.\n\n\
         | µs | node to node | message of Redis | hub without a store | node to node / sum of those two | the script that publishes, alone |\n\
         |---|--:|--:|--:|--:|--:|\n\
         | p50 | {across:.0} | {message:.0} | {memory:.0} | {ratio:.2} (≤ {MUST}; {lowest:.2} to {highest:.2}) | {script:.0} |\n\
         | p99 | {across_99:.0} | {message_99:.0} | {memory_99:.0} | {ratio_99:.2} | {script_99:.0} |\n\n\
         The script is called by the `redis` crate as a store calls it, and its message comes as that of `PUBLISH` does: \
         what it takes beyond a message is Redis' work to keep the event. The rest of the way is a task of the store at \
         each node, and the wake-up of each.\n"
    );
    Ok(ratio <= MUST)
}

async fn node(url: Option<&str>) -> Result<Node> {
    Node::start(url, History::new(7)).await
}

async fn publish(node: &Node, token: &Token, data: String) -> Result<()> {
    node.publish(token, data.as_bytes()).await.map(drop)
}

async fn run_script(bare: &Bare, data: String) -> Result<()> {
    bare.publish(0, &draft(&data)?).await
}

async fn send(mut connection: MultiplexedConnection, data: String) -> Result<()> {
    Ok(cmd("PUBLISH").arg(CHANNEL).arg(data).query_async(&mut connection).await?)
}

/// For how many nanoseconds each event was under way.
type Times = Arc<Mutex<Vec<u64>>>;

/// A task that listens at `node`.
async fn listen(node: &Node, token: &Token) -> Result<Times> {
    let times = Times::default();
    let (noted, mut listener) = (times.clone(), node.join(token, "").await?);
    tokio::spawn(async move {
        while let Ok(bytes) = listener.next().await {
            note(&noted, &bytes);
        }
    });
    Ok(times)
}

/// A task that receives the messages of Redis, as users of the crate do it.
async fn hear(redis: &RedisServer, channel: &str) -> Result<(MultiplexedConnection, Times)> {
    let times = Times::default();
    let (noted, (connection, mut messages)) =
        (times.clone(), bare::subscribe(redis, channel).await?);
    tokio::spawn(async move {
        while let Some(payload) = messages.recv().await {
            note(&noted, &payload);
        }
    });
    Ok((connection, times))
}

/// Notes how long the events in `bytes` were under way.
fn note(times: &Times, bytes: &[u8]) {
    let now = nanos();
    let mut times = times.lock().expect("nothing panics under this lock");
    for at in (0..bytes.len()).filter(|&at| bytes[at] == b'@') {
        let digits = bytes.get(at + 1..).unwrap_or_default();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let sent = str::from_utf8(&digits[..end]).ok().and_then(|digits| digits.parse().ok());
        times.push(now - sent.unwrap_or(now));
    }
}

/// The median and the 99th percentile of the times, in microseconds, of events that are published one a millisecond.
async fn paced<P: Future<Output = Result<()>>>(
    times: &Times,
    publish: impl Fn(String) -> P,
) -> Result<[f64; 2]> {
    times.lock().expect("nothing panics under this lock").clear();
    let mut pace = interval(Duration::from_millis(1));
    for _ in 0..EVENTS {
        pace.tick().await;
        let stamp = format!("@{}", nanos());
        publish(format!("{stamp:x<BYTES$}")).await?;
    }
    let patience = Instant::now() + Duration::from_secs(5);
    loop {
        let mut all = times.lock().expect("nothing panics under this lock").clone();
        if EVENTS <= all.len() {
            all.sort_unstable();
            return Ok([50, 99].map(|percent| all[EVENTS * percent / 100] as f64 / 1e3));
        }
        if patience < Instant::now() {
            return Err(format!("{} of {EVENTS} events came", all.len()).into());
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// The time since this began.
fn nanos() -> u64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGUN.elapsed().as_nanos() as u64
}

const CHANNEL: &str = "news";
const EVENTS: usize = 1_500;
const BYTES: usize = 256;
const MUST: f64 = 1.5;
