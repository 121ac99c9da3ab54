//! Clients that leave, and clients that talk while they listen.

use std::time::Duration;

use sse_hyper::Server;
use sse_testkit::{Connection, StreamEnd, until};
use tokio::time::{Instant, sleep, timeout};

use super::support::{Delivering, ENGINES, event, listen_on, shared};

#[tokio::test]
async fn who_leaves_is_gone_at_once_whatever_was_left_unread() {
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        let mut stays = server.listen("42").await;
        for way in ["close", "reset", "half-close"] {
            // Read by nobody: what the client said, what it was told, or both.
            for (said, told) in [(0, 0), (10, 0), (0, 10), (10, 10), (100_000, 100_000)] {
                let mut leaves = server.listen("42").await;
                leaves.connection().send(vec![b'x'; said]).await;
                if 0 < told {
                    let told = "x".repeat(told);
                    server.publish("42", &told);
                    stays.expect(&event(&told)).await;
                }

                let mut stays_open = None;
                match way {
                    "close" => drop(leaves),
                    "reset" => leaves.reset(),
                    _ => stays_open.insert(leaves).connection().half_close().await,
                }

                until("it is still there", async || {
                    let counts = server.counts();
                    (counts.listeners, counts.leaving, counts.unread_bytes) == (1, 0, 0)
                })
                .await;
            }
        }
        server.publish("42", "still here");
        stays.expect(&event("still here")).await;
        drop(stays);
        server.until_deserted().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_that_a_client_sends_change_nothing() {
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        let (mut talks, mut listens) = (server.listen("42").await, server.listen("42").await);
        let held = server.counts();
        // As much as both sockets take, of what may become a request.
        let piece = vec![b'\n'; 64 << 10];
        while let Ok(sent) = timeout(FULL, talks.connection().try_send(&piece)).await {
            sent.unwrap();
        }

        for number in 0..100 {
            server.publish("42", &number.to_string());
        }

        for number in 0..100 {
            let told = event(&number.to_string());
            listens.expect(&told).await;
            talks.expect(&told).await;
        }
        assert_eq!(server.counts().unread_bytes, held.unread_bytes, "{engines} engines");
        // Otherwise its end waits behind all that it said.
        talks.reset();
        drop(listens);
        server.until_deserted().await;
    }
}

#[tokio::test]
async fn who_takes_nothing_is_cut_by_the_stall_timeout_and_no_sooner() {
    for engines in ENGINES {
        let server = Delivering::start_with(shared(), |server: Server| {
            server.with_engines(engines).with_stall_timeout(Some(TIMEOUT))
        })
        .await;
        let mut stalls = listen_on(Connection::open_narrow(server.addr).await, "42").await;
        let mut reads = server.listen("42").await;
        let data = "x".repeat(100_000);
        let start = Instant::now();
        for _ in 0..100 {
            server.publish("42", &data);
            reads.expect(&event(&data)).await;
        }

        until("it is not cut", async || server.counts().listeners == 1).await;

        assert!(TIMEOUT <= start.elapsed(), "{engines} engines");
        // It is told what the sockets held, and then that there was more.
        let end = loop {
            match stalls.next_block().await {
                Ok(block) => assert_eq!(block, event(&data)),
                Err(end) => break end,
            }
        };
        assert_eq!(end, StreamEnd::Cut);
        sleep(2 * TIMEOUT).await;
        server.publish("42", "still here");
        reads.expect(&event("still here")).await;
        drop((stalls, reads));
        server.until_deserted().await;
    }
}

const TIMEOUT: Duration = Duration::from_millis(600);

/// A socket that takes nothing for so long is full.
const FULL: Duration = Duration::from_millis(200);
