//! How a server ends: what is under way is finished, what does not end is cut.

use std::{io::ErrorKind, time::Duration};

use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::{
    support::{
        TestServer, hello, http2, http2_get, read_head, read_to_close, request, text, within,
    },
    tls::Identity,
};

/// Longer than any test may take: a shutdown that ends did not wait for it.
const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_endless_responses_are_cut_at_the_deadline() {
    const STREAMS: usize = 2_000;
    rlimit::increase_nofile_limit(3 * STREAMS as u64).unwrap();
    let timeout = Duration::from_millis(700);
    let server = TestServer::start(|it| it.with_shutdown_timeout(timeout)).await;
    let mut clients = Vec::new();
    for index in 0..STREAMS {
        // None of them reads on; the endless ones have filled all buffers.
        let path = if index % 2 == 0 { "/silent" } else { "/endless" };
        clients.push(server.get(path).await);
    }
    let bodies = server.bodies.clone();
    bodies.until(STREAMS).await;

    let start = Instant::now();
    within(server.stop()).await.unwrap();

    assert!(start.elapsed() >= timeout);
    bodies.until(0).await;
}

#[tokio::test]
async fn idle_connections_are_closed_at_once() {
    let server = TestServer::start(|it| it.with_shutdown_timeout(NEVER)).await;
    let silent = server.connect().await;
    let mut half_a_preface = server.connect().await;
    half_a_preface.write_all(b"PRI * HTTP").await.unwrap();
    let mut kept_alive = server.connect().await;
    hello(&mut kept_alive).await;
    let (mut client, connection) = http2(server.connect().await).await;
    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");

    within(server.stop()).await.unwrap();

    for mut stream in [silent, half_a_preface, kept_alive] {
        assert_eq!(read_to_close(&mut stream).await, b"");
    }
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn tls_handshakes_are_ended_at_once() {
    let identity = Identity::new();
    let server =
        TestServer::start(|it| it.with_shutdown_timeout(NEVER).with_tls(identity.tls())).await;
    let mut half_a_record = server.connect().await;
    half_a_record.write_all(b"\x16\x03\x01\x02").await.unwrap();
    let mut kept_alive = identity.connect(&server, &[]).await;
    hello(&mut kept_alive).await;

    within(server.stop()).await.unwrap();

    read_to_close(&mut half_a_record).await;
    assert_eq!(read_to_close(&mut kept_alive).await, b"");
}

#[tokio::test]
async fn request_under_way_is_finished() {
    let server = TestServer::start(|it| it.with_shutdown_timeout(NEVER)).await;
    let mut first = server.connect().await;
    hello(&mut first).await;
    first.write_all(request("/held").as_bytes()).await.unwrap();
    let (mut second, _connection) = http2(server.connect().await).await;
    let second = tokio::spawn(async move { text(http2_get(&mut second, "/held").await).await });
    let mut idle = server.connect().await;
    hello(&mut idle).await;
    let held = server.held.clone();
    held.until(2).await;

    let stopping = server.stop();
    assert_eq!(read_to_close(&mut idle).await, b"");
    held.release();
    let head = read_head(&mut first).await;
    let body = read_to_close(&mut first).await;

    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(body, b"held");
    assert_eq!(within(second).await.unwrap(), "held");
    within(stopping).await.unwrap();
}

#[tokio::test]
async fn new_connections_are_refused_while_others_are_finished() {
    let server = TestServer::start(|it| it.with_shutdown_timeout(NEVER)).await;
    let (addr, open) = (server.addr, server.get("/silent").await);

    let stopping = server.stop();
    loop {
        match TcpStream::connect(addr).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => break,
            // Before, and at the moment, of the end of the listening socket.
            Ok(_) | Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }

    assert!(!stopping.is_finished());
    drop(open);
    within(stopping).await.unwrap();
}

#[tokio::test]
async fn http2_stream_that_does_not_end_is_cut() {
    let server = TestServer::start(|it| it.with_shutdown_timeout(Duration::from_millis(300))).await;
    let (mut client, _connection) = http2(server.connect().await).await;
    let mut response = http2_get(&mut client, "/silent").await;
    let bodies = server.bodies.clone();

    within(server.stop()).await.unwrap();

    bodies.until(0).await;
    assert!(within(response.frame()).await.unwrap().is_ok());
    assert!(within(response.frame()).await.unwrap().is_err());
}

#[tokio::test]
async fn dropping_the_server_closes_everything() {
    let server = TestServer::start(|server| server).await;
    let idle = server.connect().await;
    let silent = server.get("/silent").await;
    let endless = server.get("/endless").await;
    let (mut client, connection) = http2(server.connect().await).await;
    let _response = http2_get(&mut client, "/silent").await;
    server.bodies.until(3).await;

    server.serving.abort();

    server.bodies.until(0).await;
    for mut stream in [idle, silent, endless] {
        read_to_close(&mut stream).await;
    }
    let _ = within(connection).await.unwrap();
    assert!(TcpStream::connect(server.addr).await.is_err());
}

#[tokio::test]
async fn service_that_never_answers_is_cut() {
    let server = TestServer::start(|it| it.with_shutdown_timeout(Duration::from_millis(200))).await;
    let mut stream = server.connect().await;
    stream.write_all(request("/stuck").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;

    within(server.stop()).await.unwrap();

    assert_eq!(within(stream.read(&mut [0])).await.unwrap_or(0), 0);
}
