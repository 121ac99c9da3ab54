//! Clients that vanish at any byte of a stream while events are published.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sse_core::history::History;
use sse_hyper::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

use super::support::{Delivering, shared, unchunked};
use crate::{
    pipelining::Random,
    support::{read_to_close, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_got_before_it_vanished_is_what_was_published() {
    vanish(1_000, |server| server.with_engines(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_where_each_connection_writes_its_stream() {
    vanish(200, |server| server.with_engines(0)).await;
}

/// Has so many clients cut off, a few at a time.
async fn vanish(clients: u64, configure: impl FnOnce(Server) -> Server) {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let history = History::new(42).with_max_events(1_000_000).with_max_bytes(1 << 30);
    let config = shared().with_history(history).with_max_history_bytes(1 << 30);
    let server = Arc::new(Delivering::start_with(config, configure).await);
    let is_over = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn(publish(server.clone(), is_over.clone()));
    let mut running = JoinSet::new();
    for at_once in 0..AT_ONCE {
        let addr = server.addr;
        running.spawn(async move {
            for client in (at_once..clients).step_by(AT_ONCE as usize) {
                let mut chance = Random(seed.wrapping_add(client));
                let (head, body) =
                    cut_off(TcpStream::connect(addr).await.unwrap(), &mut chance).await;
                expect_whole(&head, &body, &format!("client {client} of the seed {seed}"));
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    publishing.await.unwrap();

    server.until_deserted().await;
}

async fn publish(server: Arc<Delivering>, is_over: Arc<AtomicBool>) {
    for number in 1.. {
        server.publish("42", &data(number));
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Listens, reads some bytes, and leaves in one of several ways. Returns the head and the body, as far as they came.
async fn cut_off(mut stream: TcpStream, chance: &mut Random) -> (String, Vec<u8>) {
    let since = ["", "?since=earliest"][chance.below(2)];
    let request = format!("GET /poll/42{since} HTTP/1.1\r\nhost: test\r\n\r\n");
    within(stream.write_all(request.as_bytes())).await.unwrap();
    // Half of them read less than 1 KiB, few very much.
    let most = 1 << (7 + chance.below(11));
    let (count, mut read) = (1 + chance.below(most), Vec::new());
    within((&mut stream).take(count as u64).read_to_end(&mut read)).await.unwrap();
    assert_eq!(read.len(), count, "it goes on until the client leaves");
    match chance.below(3) {
        0 => drop(stream),
        1 => stream.set_zero_linger().unwrap(),
        _ => {
            stream.shutdown().await.unwrap();
            read.extend(read_to_close(&mut stream).await);
        }
    }
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4);
    let body = read.split_off(end.unwrap_or(read.len()));
    (String::from_utf8(read).unwrap(), body)
}

/// All of `body` is what was published from the place on that the head tells.
fn expect_whole(head: &str, body: &[u8], what: &str) {
    let start = &head.as_bytes()[..head.len().min(12)];
    assert!(b"HTTP/1.1 200".starts_with(start), "{what}: {head:?}");
    let Some(anchor) = head.lines().find_map(|line| line.strip_prefix("sse-last-event-id: "))
    else {
        return assert_eq!(body, b"", "{what}: {head:?}");
    };
    let Some((begins, epoch)) = anchor.split_once('.').filter(|_| !body.is_empty()) else { return };
    let (come, mut number) = (unchunked(body), begins.parse::<usize>().unwrap());
    let mut expected =
        format!("event: sse.open\nretry: 3000\ndata: {{\"resume\":\"fresh\"}}\nid: {anchor}\n\n");
    while expected.len() < come.len() {
        number += 1;
        expected += &format!("event: ping\ndata: {}\nid: {number}.{epoch}\n\n", data(number));
    }
    let differs =
        come.iter().zip(expected.as_bytes()).position(|(come, expected)| come != expected);
    assert_eq!(differs, None, "{what}, at the event {number} from {begins}");
}

/// Of all lengths, some of which take several writes.
fn data(number: usize) -> String {
    let width = if number.is_multiple_of(40) { 50_000 } else { 10 + number * 997 % 3_000 };
    format!("{number:0width$}")
}

const AT_ONCE: u64 = 40;
