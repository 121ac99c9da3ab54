//! Ten thousand connections that are cut anywhere: nothing is lost, nothing comes twice, nothing leaks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, time::Duration};

use futures_util::StreamExt;
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, Notice};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn every_event_comes_once_and_in_order_over_cuts_at_random_points() {
    let files = open_files();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let server = tokio::spawn(serve(listener));
    let config = ClientConfig::default()
        .with_reconnection_time(Duration::ZERO)
        .with_reconnection_floor(Duration::ZERO)
        .with_reconnection_cap(Duration::ZERO);
    let mut source = EventSource::builder(uri).with_config(config).build().unwrap();

    let (mut last, mut reconnections, mut warm) = (0, 0, 0);
    while reconnections < RECONNECTIONS {
        match source.next().await.unwrap().unwrap() {
            Notice::Event(event) => {
                assert_eq!(event.data(), data(last + 1), "after {reconnections} reconnections");
                last += 1;
            }
            Notice::Reconnecting { .. } => reconnections += 1,
            _ => (),
        }
        if reconnections == RECONNECTIONS / 10 {
            warm = memory();
        }
    }
    let grown = memory().saturating_sub(warm);
    drop(source);
    server.abort();
    let _aborted = server.await;

    assert!(RECONNECTIONS < last, "only {last} events came");
    assert!(grown < 4 << 20, "memory grew by {grown} bytes");
    assert_eq!(open_files(), files);
}

/// Goes on after the last event ID of each request, up to a cut.
async fn serve(listener: TcpListener) {
    let mut random = 7;
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(last) = last_event_id(&mut stream).await else { continue };
        let mut text = HEAD.to_owned();
        for id in last + 1..last + 1 + next(&mut random, 20) {
            let event = format!("id: {id}\ndata: {}\n\n", data(id));
            text += &format!("{:x}\r\n{event}\r\n", event.len());
        }
        let cut = next(&mut random, text.len() as u64 + 1) as usize;
        stream.write_all(&text.as_bytes()[..cut]).await.unwrap();
        match next(&mut random, 3) {
            0 => stream.set_zero_linger().unwrap(),
            1 if cut == text.len() => drop(stream.write_all(b"0\r\n\r\n").await),
            _ => (),
        }
    }
}

async fn last_event_id(stream: &mut TcpStream) -> Option<u64> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut head).await.ok().filter(|read| 0 < *read)?;
    }
    let head = String::from_utf8(head).unwrap();
    let id = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
    Some(id.map_or(0, |id| id.parse().unwrap()))
}

fn data(id: u64) -> String {
    format!("{id} {}", "é".repeat(id as usize % 40))
}

/// A number below `limit`, the same in each run.
fn next(random: &mut u64, limit: u64) -> u64 {
    *random =
        random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) % limit
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What the process holds of memory.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

const RECONNECTIONS: u64 = 10_000;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
