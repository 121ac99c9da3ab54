//! A handle ends the server, and the streams of channels, from elsewhere.

use std::{io, net::SocketAddr, thread, time::Duration};

use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};
use sse_hyper::{EventService, Server, ServerHandle};
use sse_testkit::{Connection, Listener, head};
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle, time::sleep};

use super::support::{TestServer, hello, read_to_close, within};

const NEVER: Duration = Duration::from_secs(3600);

/// A server of the protocol for which no shutdown is too long, and what ends it.
async fn start() -> (SocketAddr, ServerHandle, JoinHandle<io::Result<()>>) {
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let events = EventService::new(Gateway::new(hub, GatewayConfig::default()));
    let server = Server::bind("127.0.0.1:0").await.unwrap().with_shutdown_timeout(NEVER);
    let (addr, handle) = (server.local_addr().unwrap(), server.handle());
    let handle = handle.with_channels(events.channels());
    (addr, handle, tokio::spawn(server.serve(events)))
}

async fn listen(addr: SocketAddr) -> Listener {
    let mut connection = Connection::open(addr).await;
    connection.send(head("GET", "/poll/42", &[])).await;
    let head = connection.head().await;
    Listener::new(connection, head).opened().await
}

#[tokio::test]
async fn it_ends_the_server_and_its_streams_cleanly() {
    let (addr, handle, serving) = start().await;
    let mut listener = listen(addr).await;

    // A clone does, on a thread without a runtime.
    let elsewhere = handle.clone();
    thread::spawn(move || elsewhere.shutdown()).join().unwrap();

    listener.expect_end().await;
    within(serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
    // What has ended is ended again.
    handle.shutdown();
    within(handle.drain(Duration::from_secs(1))).await;
}

#[tokio::test]
async fn it_drains_first_and_tells_each_stream_when_to_come_back() {
    let (addr, handle, serving) = start().await;
    let mut listeners = [listen(addr).await, listen(addr).await];

    let draining = tokio::spawn(async move { handle.drain(Duration::from_millis(300)).await });
    within(async {
        while TcpStream::connect(addr).await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    for listener in &mut listeners {
        let told = listener.block().await;
        assert!(told.starts_with("retry: "), "{told:?}");
        listener.expect_end().await;
    }
    // The server waits a moment for clients to close.
    drop(listeners);

    within(draining).await.unwrap();
    within(serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn it_may_come_before_the_server_serves() {
    let server = TestServer::start(|it| {
        it.handle().shutdown();
        it.with_shutdown_timeout(NEVER)
    })
    .await;

    within(server.serving).await.unwrap();
}

#[tokio::test]
async fn a_server_goes_on_when_its_handles_are_dropped() {
    let server = TestServer::start(|it| {
        drop(it.handle());
        it
    })
    .await;

    hello(&mut server.connect().await).await;

    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn it_stands_beside_what_was_given_to_the_server() {
    for by_handle in [false, true] {
        let (given, handle) = (oneshot::channel::<()>(), oneshot::channel());
        let server = TestServer::start(|it| {
            assert!(handle.0.send(it.handle()).is_ok());
            it.with_shutdown_timeout(NEVER).with_drain(async {
                if given.1.await.is_err() {
                    std::future::pending().await
                }
            })
        })
        .await;
        let handle = handle.1.await.unwrap();
        let mut kept_alive = server.connect().await;
        hello(&mut kept_alive).await;
        let mut held = server.get("/events/held").await;
        server.held.until(1).await;

        if by_handle {
            within(handle.drain(Duration::ZERO)).await;
        } else {
            given.0.send(()).unwrap();
        }

        assert_eq!(read_to_close(&mut kept_alive).await, b"", "{by_handle}");
        server.held.release();
        read_to_close(&mut held).await;
        // The server waits a moment for clients to close.
        drop((kept_alive, held));
        if by_handle {
            within(server.serving).await.unwrap();
        } else {
            within(server.stop()).await.unwrap();
        }
    }
}
