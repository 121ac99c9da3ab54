//! Both versions of HTTP, and what becomes of a response whose client leaves.

use std::net::Shutdown;

use sse_hyper::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    frames::{Frames, RST_STREAM},
    support::{
        TestServer, hello, http2, http2_get, read_head, read_to_close, request, text, within,
    },
};

#[tokio::test]
async fn requests_follow_each_other_on_a_connection() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;

    for _ in 0..3 {
        hello(&mut stream).await;
    }
}

#[tokio::test]
async fn http2_is_told_by_its_first_bytes() {
    let server = TestServer::start(|server| server).await;
    let (mut client, _connection) = http2(server.connect().await).await;

    let response = http2_get(&mut client, "/").await;

    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(text(response).await, "hello");
}

#[tokio::test]
async fn http2_streams_run_side_by_side() {
    let server = TestServer::start(|server| server.with_max_concurrent_streams(301)).await;
    let (mut client, _connection) = http2(server.connect().await).await;

    let mut streams = Vec::new();
    for _ in 0..300 {
        streams.push(http2_get(&mut client, "/silent").await);
    }

    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");
    server.bodies.until(300).await;
    drop(streams);
    server.bodies.until(0).await;
}

#[tokio::test]
async fn service_learns_the_address_of_the_client() {
    let server = TestServer::start(|server| server).await;
    let stream = server.connect().await;
    let expected = stream.local_addr().unwrap().to_string();
    let (mut client, _connection) = http2(stream).await;

    assert_eq!(text(http2_get(&mut client, "/remote").await).await, expected);
}

#[tokio::test]
async fn streams_of_a_connection_are_limited() {
    for (most, expected) in [(None, 256), (Some(7), 7)] {
        let configure = |it: Server| match most {
            Some(most) => it.with_max_concurrent_streams(most),
            None => it,
        };
        let server = TestServer::start(configure).await;
        let mut frames = Frames::open(server.connect().await, 65_535).await;

        // One more than may be: refused, all others are served.
        for index in 0..=expected {
            frames.get(2 * index + 1, "/silent").await;
        }
        let refused = loop {
            let frame = frames.next().await.unwrap();
            if frame.kind == RST_STREAM {
                break frame.id;
            }
        };

        assert_eq!(refused, 2 * expected + 1);
        assert_eq!(frames.max_streams(), Some(expected));
        server.bodies.until(usize::try_from(expected).unwrap()).await;
    }
}

#[tokio::test]
async fn service_that_does_not_look_is_told_the_address_over_http2_alone() {
    let server = TestServer::start(|server| server.with_remote_addr(false)).await;
    let mut http1 = server.get("/remote").await;
    let mut body = [0; 6];
    within(http1.read_exact(&mut body)).await.unwrap();
    let stream = server.connect().await;
    let expected = stream.local_addr().unwrap().to_string();
    let (mut client, _connection) = http2(stream).await;

    assert_eq!(&body, b"untold");
    assert_eq!(text(http2_get(&mut client, "/remote").await).await, expected);
}

#[tokio::test]
async fn end_of_the_client_drops_the_body() {
    let server = TestServer::start(|server| server).await;
    for path in ["/silent", "/endless"] {
        let stream = server.get(path).await;
        server.bodies.until(1).await;

        drop(stream);

        server.bodies.until(0).await;
    }
}

#[tokio::test]
async fn half_closed_client_loses_the_body() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.get("/silent").await;
    server.bodies.until(1).await;

    stream.shutdown().await.unwrap();

    server.bodies.until(0).await;
    read_to_close(&mut stream).await;
}

#[tokio::test]
async fn end_of_an_http2_connection_drops_all_bodies() {
    let server = TestServer::start(|server| server).await;
    let stream = server.connect().await.into_std().unwrap();
    let handle = stream.try_clone().unwrap();
    let (mut client, _connection) = http2(TcpStream::from_std(stream).unwrap()).await;
    let _silent = http2_get(&mut client, "/silent").await;
    let _endless = http2_get(&mut client, "/endless").await;
    server.bodies.until(2).await;

    handle.shutdown(Shutdown::Both).unwrap();

    server.bodies.until(0).await;
}

#[tokio::test]
async fn refusal_can_be_read_by_a_client_that_is_still_sending() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    let length = 4 * 1024 * 1024;
    let head = format!("POST /refuse HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n");

    stream.write_all(head.as_bytes()).await.unwrap();
    within(stream.write_all(&vec![0; length])).await.unwrap();

    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 413"));
    let mut body = String::new();
    within(stream.read_to_string(&mut body)).await.unwrap();
    assert_eq!(body, "refused");
}

#[tokio::test]
async fn head_that_is_too_large_is_refused() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200 * 1024));

    within(stream.write_all(head.as_bytes())).await.unwrap();

    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn nonsense_is_answered() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;

    stream.write_all(b"what is this\r\n\r\n").await.unwrap();

    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 400"));
    read_to_close(&mut stream).await;
}

#[tokio::test]
async fn pipelined_requests_are_served_in_order() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;

    let both = request("/slow") + &request("/");
    stream.write_all(both.as_bytes()).await.unwrap();

    let mut bodies = String::new();
    for length in [4, 5] {
        read_head(&mut stream).await;
        let mut body = vec![0; length];
        within(stream.read_exact(&mut body)).await.unwrap();
        bodies += str::from_utf8(&body).unwrap();
    }
    assert_eq!(bodies, "slowhello");
}
