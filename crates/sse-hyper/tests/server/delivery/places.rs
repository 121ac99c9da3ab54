//! Every socket, runtime and number of engines.

use sse_hyper::Server;
use sse_testkit::{Log, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};
use tracing::Level;

use super::support::{Delivering, ENGINES, event, shared, unchunked};
use crate::support::{read_head, request, within};

#[tokio::test]
async fn an_engine_writes_the_streams_unless_there_is_none() {
    for (engines, expected) in [(Some(0), 0), (Some(1), 2), (Some(3), 2), (None, 2)] {
        let (log, _guard) = Log::start(Level::DEBUG);
        let server = Delivering::start_with(shared(), |server| match engines {
            Some(engines) => server.with_engines(engines),
            None => server,
        })
        .await;
        let (mut ends, leaves) = (server.listen("42").await, server.listen("43").await);

        server.close("42");
        ends.expect_end().await;
        drop((ends, leaves));

        server.until_deserted().await;
        assert_eq!(log.count("delivery::driver"), expected, "{engines:?}");
    }
}

#[tokio::test]
async fn many_engines_write_one_channel_on_one_thread() {
    everyone_receives_everything().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_engines_write_one_channel_on_several_threads() {
    everyone_receives_everything().await;
}

async fn everyone_receives_everything() {
    for engines in [0, 1, 2, 7] {
        let server = Delivering::start(engines).await;
        let mut listeners = Vec::new();
        for _ in 0..20 {
            listeners.push(server.listen("42").await);
        }
        let expected: String = (0..500).map(|number| event(&number.to_string())).collect();

        for number in 0..500 {
            server.publish("42", &number.to_string());
            if number % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        server.close("42");

        for listener in &mut listeners {
            listener.expect(&expected).await;
            listener.expect_end().await;
        }
        drop(listeners);
        server.until_deserted().await;
    }
}

#[tokio::test]
async fn streams_over_unix_sockets_are_the_same() {
    for engines in ENGINES {
        let (log, _guard) = Log::start(Level::DEBUG);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = Server::from_listener(listener).with_engines(engines);
        let server = Delivering::start_on(server, shared());
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let leaves = UnixStream::connect(&path).await.unwrap();
        for stream in [&mut stream, &mut { leaves }] {
            stream.write_all(request("/poll/42").as_bytes()).await.unwrap();
            read_head(stream).await;
        }
        until("one of them is still there", async || server.counts().listeners == 1).await;

        let data = "x".repeat(1 << 20);
        server.publish("42", &data);
        server.close("42");

        let mut read = Vec::new();
        while !read.ends_with(b"\r\n0\r\n\r\n") {
            assert_ne!(within(stream.read_buf(&mut read)).await.unwrap(), 0);
        }
        let (read, expected) = (unchunked(&read), event(&data));
        assert!(read.ends_with(expected.as_bytes()), "{} bytes", read.len());
        assert_eq!(log.count("delivery::driver"), if engines == 0 { 0 } else { 2 });
        // The connection goes on.
        stream.write_all(request("/").as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}
