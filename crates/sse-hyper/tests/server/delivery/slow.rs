//! A client that takes a byte a second beside a thousand that take all there is.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sse_core::channel::OnOverrun;
use sse_testkit::{Connection, Listener, OPEN, StreamEnd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::support::{Delivering, event, listen_on, shared, unchunked};
use crate::support::{read_head, request, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_cut_once_the_log_is_full_and_nobody_else_notices() {
    let (come, end, overruns) = crowd(32 << 10).await;

    assert_eq!((end, overruns), (Some(StreamEnd::Cut), 1));
    let expected: String = (0..come.len()).map(|number| event(&data(number))).collect();
    assert_eq!(come.concat(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_misses_nothing_while_the_log_has_room() {
    let (come, end, overruns) = crowd(4 << 20).await;

    assert_eq!((end, overruns), (None, 0));
    let expected: Vec<_> = (0..EVENTS).map(|number| event(&data(number))).collect();
    assert_eq!(come, expected);
}

/// Publishes for a crowd, whose log may hold so much. Returns what the slow one got, how its stream ended if not with
/// the last event, and how often somebody fell out.
async fn crowd(log: usize) -> (Vec<String>, Option<StreamEnd>, u64) {
    // Both ends of each connection are files of this process.
    rlimit::increase_nofile_limit(4 * FAST as u64).unwrap();
    let config = shared().with_max_log_bytes(log).with_on_overrun(OnOverrun::Close);
    let server = Delivering::start_with(config, |it| {
        // How long the test takes, the machine decides.
        it.with_stall_timeout(None).with_tcp_user_timeout(None)
    })
    .await;
    let (over, is_over) = watch::channel(false);
    let slow = listen_on(Connection::open_narrow(server.addr).await, "42").await;
    let slow = tokio::spawn(drip(slow, is_over));
    let (read, mut fast) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..FAST {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(request("/poll/42").as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        fast.spawn(read_all(stream, read.clone()));
    }

    for batch in 0..EVENTS / BATCH {
        for number in numbers(batch) {
            server.publish("42", &data(number));
        }
        // Whoever reads is given the time to, however slow the machine is.
        while read.load(Ordering::Relaxed) < (batch + 1) * FAST {
            if let Some(ended) = fast.try_join_next() {
                ended.unwrap();
            }
            sleep(Duration::from_millis(1)).await;
        }
        let counts = server.counts();
        assert!(counts.unread_bytes <= log, "{} bytes of {log}", counts.unread_bytes);
        assert!(counts.joined_bytes <= log, "{} bytes joined", counts.joined_bytes);
    }

    while let Some(ended) = fast.join_next().await {
        ended.unwrap();
    }
    over.send_replace(true);
    let (come, end) = slow.await.unwrap();
    server.until_deserted().await;
    (come, end, server.counts().overruns)
}

async fn read_all(mut stream: TcpStream, read: Arc<AtomicUsize>) {
    let mut come = Vec::new();
    for batch in 0..EVENTS / BATCH {
        let last = event(&data(batch * BATCH + BATCH - 1)) + "\r\n";
        while !come.ends_with(last.as_bytes()) {
            assert_ne!(within(stream.read_buf(&mut come)).await.unwrap(), 0);
        }
        read.fetch_add(1, Ordering::Relaxed);
    }
    let events = (0..EVENTS).map(|number| event(&data(number)));
    let expected = iter::once(OPEN.to_owned()).chain(events).collect::<String>();
    assert!(unchunked(&come) == expected.as_bytes(), "in order, without a gap");
}

/// Reads a byte a second until it is over, then the rest, up to the last event.
async fn drip(
    mut listener: Listener,
    mut is_over: watch::Receiver<bool>,
) -> (Vec<String>, Option<StreamEnd>) {
    while timeout(Duration::from_secs(1), is_over.wait_for(|is_over| *is_over)).await.is_err() {
        listener.connection().drip().await;
    }
    let (mut come, last) = (Vec::new(), event(&data(EVENTS - 1)));
    while come.last() != Some(&last) {
        match listener.next_block().await {
            Ok(block) => come.push(block),
            Err(end) => return (come, Some(end)),
        }
    }
    (come, None)
}

fn numbers(batch: usize) -> std::ops::Range<usize> {
    batch * BATCH..(batch + 1) * BATCH
}

fn data(number: usize) -> String {
    format!("{number:01000}")
}

const FAST: usize = 1_000;
const EVENTS: usize = 100;
const BATCH: usize = 10;
