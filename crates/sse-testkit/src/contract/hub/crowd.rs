//! Many listeners: some slow, some cut off again and again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sse_core::{History, HubConfig, LogConfig, Mode, OnOverrun};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::sleep,
};

use crate::{Connection, Listener, Setup, StreamEnd, Target, head};

/// A few that read a byte a second among a thousand: the others get everything.
pub async fn a_few_slow_readers_harm_nobody(start: impl AsyncFn(Setup) -> Target) {
    crowd(start, OnOverrun::Close, 20_000).await;
}

/// The same where slow readers are told of what they missed and stay.
pub async fn slow_readers_can_be_told_and_kept(start: impl AsyncFn(Setup) -> Target) {
    crowd(start, OnOverrun::Gap, 2_000).await;
}

async fn crowd(start: impl AsyncFn(Setup) -> Target, on_overrun: OnOverrun, events: usize) {
    rlimit::increase_nofile_limit(8_192).expect("the system allows more open files");
    let hub = match on_overrun {
        OnOverrun::Gap => |config: HubConfig| small(config).with_on_overrun(OnOverrun::Gap),
        _ => small,
    };
    let target = start(Setup { hub, ..Setup::default() }).await;
    let mut slow = JoinSet::new();
    for _ in 0..SLOW {
        let connection = Connection::open_narrow(target.addr()).await;
        slow.spawn(drip(target.listen_on(connection, "42").await));
    }
    let (expected, read) = (Arc::new(batches(events)), Arc::new(AtomicUsize::new(0)));
    let mut healthy = JoinSet::new();
    for _ in SLOW..LISTENERS {
        healthy.spawn(read_all(target.listen("42").await, expected.clone(), read.clone()));
    }
    for batch in 0..events / BATCH {
        // Some servers close a connection that is silent for as long as a batch may take.
        let mut publisher = target.connect().await;
        let posts =
            (0..BATCH).flat_map(|n| crate::post("/ping/42", data(batch * BATCH + n).as_bytes()));
        publisher.send(posts.collect::<Vec<_>>()).await;
        for _ in 0..BATCH {
            assert_eq!(publisher.response().await.status(), 200);
        }
        // Whoever reads is given the time to, however slow the machine is.
        while read.load(Ordering::Relaxed) < (batch + 1) * (LISTENERS - SLOW) {
            if let Some(ended) = healthy.try_join_next() {
                ended.expect("a healthy one gets everything");
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
    while let Some(ended) = healthy.join_next().await {
        ended.expect("a healthy one gets everything");
    }
    slow.shutdown().await;
}

fn small(config: HubConfig) -> HubConfig {
    config.with_mode(Mode::Shared).with_log(LogConfig::default().with_max_bytes(256 << 10))
}

/// Reads a byte a second.
async fn drip(mut listener: Listener) {
    while listener.connection().drip().await {
        sleep(Duration::from_secs(1)).await;
    }
}

async fn read_all(mut listener: Listener, expected: Arc<Vec<String>>, read: Arc<AtomicUsize>) {
    for batch in &*expected {
        listener.expect_stream(batch.as_bytes()).await;
        read.fetch_add(1, Ordering::Relaxed);
    }
}

/// The stream, a batch at a time.
fn batches(events: usize) -> Vec<String> {
    let event = |number| format!("event: ping\ndata: {}\n\n", data(number));
    let batch = |batch| (batch * BATCH..(batch + 1) * BATCH).map(event).collect();
    (0..events / BATCH).map(batch).collect()
}

fn data(number: usize) -> String {
    format!("{number:0100}")
}

/// "Kill the connection of every listener at random 1,000 times while publishing: with resume, nobody
/// misses an event."
pub async fn who_is_cut_off_and_comes_back_misses_nothing(start: impl AsyncFn(Setup) -> Target) {
    let config = |config: HubConfig| {
        let history = History::new(42).with_max_events(100_000).with_max_bytes(64 << 20);
        config.with_mode(Mode::Shared).with_history(history)
    };
    let target = Arc::new(start(Setup { hub: config, ..Setup::default() }).await);
    let cuts = Arc::new(Semaphore::new(0));
    let (cut, mut is_cut) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (target, cuts, cut) = (target.clone(), cuts.clone(), cut.clone());
        clients.spawn(async move { client(&target, number, &cuts, &cut).await });
    }
    drop(cut);
    let mut published = 0;
    for _ in 0..CUTS {
        cuts.add_permits(1);
        // A publication between each two cuts, and sometimes more.
        while target.post("ping", "42", published.to_string()).await.status() == 200 {
            published += 1;
            if published % 3 != 0 {
                break;
            }
        }
        is_cut.recv().await.expect("the clients are there");
    }
    target.publish("ping", "42", "last").await;
    while let Some(client) = clients.join_next().await {
        let data = client.expect("a client does not fail");
        assert_eq!(data.len(), published, "every event once");
        let in_order = data.iter().enumerate().all(|(n, data)| *data == n.to_string());
        assert!(in_order, "in order");
    }
}

/// Reads to the event `last`, and is cut off whenever there is a permit to; returns all data before.
async fn client(
    target: &Target,
    number: usize,
    cuts: &Semaphore,
    cut: &mpsc::UnboundedSender<()>,
) -> Vec<String> {
    let (mut id, mut data) = (String::new(), Vec::new());
    loop {
        let mut connection = target.connect().await;
        let fields = [("Last-Event-ID", &*id)];
        let fields = if id.is_empty() { &[][..] } else { &fields };
        let since = if id.is_empty() { "?since=earliest" } else { "" };
        connection.send(head("GET", &format!("/poll/42{since}"), fields)).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200);
        let verdict = head.field("sse-resume").map(str::to_owned);
        let expected = if id.is_empty() { "fresh" } else { "ok" };
        assert_eq!(verdict.as_deref(), Some(expected), "client {number} at {id}");
        let mut listener = Listener::new(connection, head);
        loop {
            let block = tokio::select! {
                block = listener.next_block() => block,
                permit = cuts.acquire() => {
                    permit.expect("it is never closed").forget();
                    listener.reset();
                    let _over = cut.send(());
                    break;
                }
            };
            let block = match block {
                Ok(block) => block,
                Err(StreamEnd::Clean | StreamEnd::Cut) => panic!("nobody ends it"),
            };
            let field = |name| block.lines().find_map(|line| line.strip_prefix(name));
            id = field("id: ").expect("every block has an id").to_owned();
            match field("data: ") {
                Some("last") => return data,
                Some(new) => data.push(new.to_owned()),
                None => assert!(!block.contains("event"), "{block}"),
            }
        }
    }
}

const LISTENERS: usize = 1_000;
const SLOW: usize = 50;
const BATCH: usize = 1_000;
const CLIENTS: usize = 20;
const CUTS: usize = 1_000;
