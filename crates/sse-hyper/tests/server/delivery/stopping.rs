//! How a server ends while streams run.

use std::time::Duration;

use sse_hyper::Server;
use sse_testkit::{Listener, StreamEnd};
use tokio::{net::TcpStream, sync::oneshot, time::Instant};

use super::support::{Delivering, ENGINES, event, shared};
use crate::support::within;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_do_not_end_are_cut_after_the_shutdown_timeout() {
    const TIMEOUT: Duration = Duration::from_millis(400);
    for engines in ENGINES {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Delivering::start_with(shared(), |server: Server| {
            let server = server.with_engines(engines).with_shutdown_timeout(TIMEOUT);
            server.with_graceful_shutdown(async { drop(stopped.await) })
        })
        .await;
        let mut listeners = listeners(&server).await;

        let start = Instant::now();
        stop.send(()).unwrap();
        // Until then they go on.
        server.publish("0", "last");
        for listener in listeners.iter_mut().step_by(CHANNELS) {
            listener.expect(&event("last")).await;
        }
        within(server.serving).await.unwrap().unwrap();

        assert!(TIMEOUT <= start.elapsed(), "{engines} engines");
        for listener in &mut listeners {
            assert_eq!(listener.next_block().await, Err(StreamEnd::Cut), "{engines} engines");
        }
        assert_eq!(server.channels.hub().counts().listeners, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_future_is_dropped_cuts_its_streams() {
    for engines in ENGINES {
        let server = Delivering::start(engines).await;
        let mut listeners = listeners(&server).await;

        server.serving.abort();

        for listener in &mut listeners {
            assert_eq!(listener.next_block().await, Err(StreamEnd::Cut), "{engines} engines");
        }
        assert!(TcpStream::connect(server.addr).await.is_err());
        server.until_deserted().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_each_stream_arrives_though_its_client_has_talked() {
    for engines in ENGINES {
        for _ in 0..5 {
            let never = Duration::from_secs(3600);
            let server = Delivering::start_with(shared(), |server: Server| {
                server.with_engines(engines).with_shutdown_timeout(never)
            })
            .await;
            let mut listeners = listeners(&server).await;
            for listener in &mut listeners {
                // A connection that is closed before this is read is reset, and what is under way is lost.
                listener.connection().send("GET / HTTP/1.1\r\n").await;
            }

            server.handle.clone().with_channels(server.channels.clone()).shutdown();

            for listener in &mut listeners {
                listener.expect_end().await;
            }
            drop(listeners);
            within(server.serving).await.unwrap().unwrap();
        }
    }
}

/// Some on each of a few channels.
async fn listeners(server: &Delivering) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for number in 0..30 {
        listeners.push(server.listen(&(number % CHANNELS).to_string()).await);
    }
    listeners
}

const CHANNELS: usize = 5;
