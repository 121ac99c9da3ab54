use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::process::{Crowd, Process};
use crate::{Connection, Listener, StreamEnd, Target};

/// A few that read a byte a second among a thousand fall out, and the others get everything.
pub async fn slow_readers_are_cut() {
    let slow = crowd(Crowd::Cut, 5_000).await;
    for (blocks, end) in slow {
        assert_eq!(end, Some(StreamEnd::Cut), "after {} events", blocks.len());
        let expected: Vec<_> = (0..blocks.len()).map(event).collect();
        assert_eq!(blocks, expected, "what came before is whole");
    }
}

/// The same where slow readers are told how many events they missed, and stay.
pub async fn slow_readers_are_told() {
    let events = 2_500;
    for (blocks, end) in crowd(Crowd::Told, events).await {
        assert_eq!(end, None, "after {} events", blocks.len());
        let (mut next, mut gaps) = (0, 0);
        for block in blocks {
            match block.strip_prefix("event: sse.gap\n") {
                Some(gap) => {
                    let missed = gap.split_once("\"missed\":").expect("it is told how many").1;
                    let digits = missed.find(|c: char| !c.is_ascii_digit()).expect("it goes on");
                    next += missed[..digits].parse::<usize>().expect("a number");
                    gaps += 1;
                }
                None => {
                    assert_eq!(block, event(next));
                    next += 1;
                }
            }
        }
        assert_eq!(next, events + 1, "over {gaps} gaps");
        assert!(0 < gaps);
    }
}

/// A crowd that is sent `events`, then one more if somebody is left. Returns what the slow ones got, and how it ended if not
/// with the last event.
async fn crowd(crowd: Crowd, events: usize) -> Vec<(Vec<String>, Option<StreamEnd>)> {
    let process = Process::start(crowd);
    let target = &process.target;
    let (over, is_over) = watch::channel(false);
    let mut slow = JoinSet::new();
    for _ in 0..SLOW {
        let connection = Connection::open_narrow(target.addr()).await;
        slow.spawn(drip(target.listen_on(connection, "42").await, is_over.clone(), events));
    }
    let read = Arc::new(AtomicUsize::new(0));
    let expected: Arc<Vec<String>> =
        Arc::new((0..events / BATCH).map(|batch| numbers(batch).map(event).collect()).collect());
    let mut listeners = Vec::new();
    for _ in SLOW..LISTENERS {
        listeners.push(target.listen("42").await);
    }
    let mut healthy = JoinSet::new();
    for listener in listeners {
        // They begin to wait when there is something to come.
        healthy.spawn(read_all(listener, expected.clone(), read.clone()));
    }
    for batch in 0..events / BATCH {
        publish(target, batch).await;
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
    let grown = process.grown();
    assert!(grown <= MAX_GROWTH, "the server's memory grew by {} KiB", grown >> 10);
    match crowd {
        // Those that fell out count no longer.
        Crowd::Cut => target.until_left("42").await,
        _ => target.publish("ping", "42", data(events)).await,
    }
    over.send_replace(true);
    slow.join_all().await
}

async fn publish(target: &Target, batch: usize) {
    // Some servers close a connection that is silent for as long as a batch may take.
    let mut publisher = target.connect().await;
    let posts: Vec<_> =
        numbers(batch).flat_map(|n| crate::post("/ping/42", data(n).as_bytes())).collect();
    publisher.send(posts).await;
    for _ in 0..BATCH {
        assert_eq!(publisher.response().await.status(), 200);
    }
}

async fn read_all(mut listener: Listener, expected: Arc<Vec<String>>, read: Arc<AtomicUsize>) {
    for batch in &*expected {
        listener.expect_stream(batch.as_bytes()).await;
        read.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads a byte a second until it is over, then the rest, up to the event of the number `last`.
async fn drip(
    mut listener: Listener,
    mut is_over: watch::Receiver<bool>,
    last: usize,
) -> (Vec<String>, Option<StreamEnd>) {
    while timeout(Duration::from_secs(1), is_over.wait_for(|is_over| *is_over)).await.is_err() {
        listener.connection().drip().await;
    }
    let (mut blocks, last) = (Vec::new(), event(last));
    loop {
        match listener.next_block().await {
            Ok(block) => blocks.push(block),
            Err(end) => return (blocks, Some(end)),
        }
        if blocks.last() == Some(&last) {
            return (blocks, None);
        }
    }
}

fn numbers(batch: usize) -> std::ops::Range<usize> {
    batch * BATCH..(batch + 1) * BATCH
}

fn event(number: usize) -> String {
    format!("event: ping\ndata: {}\n\n", data(number))
}

fn data(number: usize) -> String {
    format!("{number:0500}")
}

const LISTENERS: usize = 1_000;
const SLOW: usize = 50;
const BATCH: usize = 50;
const MAX_GROWTH: u64 = 64 << 20;
