//! A server that drains: nothing new, and what is under way goes on.

use std::time::Duration;

use sse_hyper::Server;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot, time::sleep};

use super::{
    frames::{DATA, END_STREAM, Frames, GOAWAY, HEADERS},
    support::{
        TestServer, hello, http2, http2_get, read_head, read_to_close, request, service, text,
        within,
    },
    tls::Identity,
};

const NEVER: Duration = Duration::from_secs(3600);

/// A server, and what drains it.
async fn start(configure: impl FnOnce(Server) -> Server) -> (TestServer, oneshot::Sender<()>) {
    let (drain, drained) = oneshot::channel();
    let drained = async {
        let _ = drained.await;
    };
    let server =
        TestServer::start(|it| configure(it.with_shutdown_timeout(NEVER)).with_drain(drained));
    (server.await, drain)
}

/// Another server on the port of `server`, once that has let go of it.
async fn successor(server: &TestServer) -> Server {
    within(async {
        loop {
            match Server::bind(server.addr).await {
                Ok(successor) => return successor,
                Err(_in_use) => sleep(Duration::from_millis(10)).await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_port_is_free_while_streams_go_on() {
    let (server, drain) = start(|it| it).await;
    // Handed over, by hyper, and over HTTP/2.
    let mut streams = [server.get("/events/silent").await, server.get("/silent").await];
    let (mut client, connection) = http2(server.connect().await).await;
    let response = http2_get(&mut client, "/events/silent").await;
    let mut ending = server.get("/events/held").await;
    server.held.until(1).await;
    server.bodies.until(3).await;

    drain.send(()).unwrap();
    let successor = successor(&server).await;
    let serving = tokio::spawn(successor.serve(service()));

    hello(&mut TcpStream::connect(server.addr).await.unwrap()).await;
    server.held.release();
    let rest = read_to_close(&mut ending).await;
    assert!(rest.ends_with(b"data: 2\n\n\r\n0\r\n\r\n"), "{:?}", String::from_utf8_lossy(&rest));
    server.bodies.until(3).await;
    drop(response);
    for stream in &mut streams {
        stream.shutdown().await.unwrap();
    }
    within(connection).await.unwrap().unwrap();
    server.bodies.until(0).await;
    within(server.stop()).await.unwrap();
    serving.abort();
}

#[tokio::test]
async fn connections_end_after_their_answer_and_idle_ones_at_once() {
    let (server, drain) = start(|it| it).await;
    let silent = server.connect().await;
    let mut idle = server.connect().await;
    hello(&mut idle).await;
    // Each has an answer whose head was not written yet.
    let mut waiting = Vec::new();
    for path in ["/held", "/held/events"] {
        for is_first in [true, false] {
            let mut stream = server.connect().await;
            if !is_first {
                hello(&mut stream).await;
            }
            // The second of the two is not taken any more.
            let both = request(path) + &request("/");
            stream.write_all(both.as_bytes()).await.unwrap();
            waiting.push(stream);
        }
    }
    server.held.until(4).await;

    drain.send(()).unwrap();

    for mut stream in [silent, idle] {
        assert_eq!(read_to_close(&mut stream).await, b"");
    }
    server.held.release();
    for mut stream in waiting {
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("connection: close"), "{head}");
        let body = String::from_utf8(read_to_close(&mut stream).await).unwrap();
        assert!(body == "held" || body.ends_with("0\r\n\r\n"), "{body:?}");
    }
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn http2_gets_goaway_and_ends_with_its_last_stream() {
    let (server, drain) = start(|it| it).await;
    let mut idle = Frames::open(server.connect().await, 65_535).await;
    idle.get(1, "/").await;
    while idle.next().await.unwrap().flags & END_STREAM == 0 {}
    let mut frames = Frames::open(server.connect().await, 65_535).await;
    frames.get(1, "/events/held").await;
    while frames.next().await.unwrap().kind != DATA {}

    drain.send(()).unwrap();

    let mut seen = Vec::new();
    let goaway = frames.next().await.unwrap();
    seen.push((goaway.kind, goaway.id, false));
    server.held.release();
    while let Some(frame) = frames.next().await {
        seen.push((frame.kind, frame.id, frame.flags & END_STREAM != 0));
    }
    assert_eq!(seen.first(), Some(&(GOAWAY, 0, false)), "{seen:?}");
    assert_eq!(seen.last(), Some(&(DATA, 1, true)), "{seen:?}");
    assert_eq!(idle.next().await.map(|it| it.kind), Some(GOAWAY));
    while idle.next().await.is_some() {}
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_late_connection_is_served_once_where_the_socket_stays_open() {
    let (server, drain) = start(|it| it.with_accept_while_draining(true)).await;
    let mut idle = server.connect().await;
    hello(&mut idle).await;
    drain.send(()).unwrap();
    assert_eq!(read_to_close(&mut idle).await, b"");

    for path in ["/", "/slow", "/events", "/slow/events"] {
        let mut stream = server.connect().await;
        let both = request(path) + &request("/");
        // The request may come in pieces, as ever.
        let (before, after) = both.split_at(7);
        stream.write_all(before.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(50)).await;
        stream.write_all(after.as_bytes()).await.unwrap();

        let read = String::from_utf8(read_to_close(&mut stream).await).unwrap();

        assert_eq!(read.matches("HTTP/1.1 200 OK").count(), 1, "{read:?}");
        assert!(read.contains("connection: close\r\n"), "{read:?}");
    }
    let mut frames = Frames::open(server.connect().await, 65_535).await;
    sleep(Duration::from_millis(50)).await;
    frames.get(1, "/slow").await;
    let mut kinds = Vec::new();
    while let Some(frame) = frames.next().await {
        kinds.push(frame.kind);
    }
    assert!([GOAWAY, HEADERS, DATA].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let (silent, addr) = (server.connect().await, server.addr);
    let mut half = server.connect().await;
    half.write_all(b"GET / HT").await.unwrap();
    drop(half);
    within(server.stop()).await.unwrap();
    let mut silent = silent;
    assert_eq!(read_to_close(&mut silent).await, b"");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_connection_that_has_sent_nothing_is_served_once_where_the_socket_stays_open() {
    let (server, drain) = start(|it| it.with_accept_while_draining(true)).await;
    let mut silent = server.connect().await;
    let mut begun = server.connect().await;
    begun.write_all(b"PRI * HTTP/2").await.unwrap();
    // Connections are accepted in their order, so those before this one were.
    let mut idle = server.connect().await;
    hello(&mut idle).await;
    drain.send(()).unwrap();
    assert_eq!(read_to_close(&mut idle).await, b"");

    let both = request("/") + &request("/");
    silent.write_all(both.as_bytes()).await.unwrap();
    begun.write_all(b".0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut frames = Frames::opened(begun, 65_535).await;
    frames.get(1, "/").await;

    let read = String::from_utf8(read_to_close(&mut silent).await).unwrap();
    assert_eq!(read.matches("HTTP/1.1 200 OK").count(), 1, "{read:?}");
    assert!(read.contains("connection: close\r\n"), "{read:?}");
    let mut kinds = Vec::new();
    while let Some(frame) = frames.next().await {
        kinds.push(frame.kind);
    }
    assert!([GOAWAY, HEADERS, DATA].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn under_tls_it_is_the_same() {
    let identity = Identity::new();
    let tls = identity.tls();
    let (server, drain) = start(|it| it.with_tls(tls)).await;
    let mut handshaking = server.connect().await;
    handshaking.write_all(b"\x16\x03\x01\x02").await.unwrap();
    let mut listening = identity.connect(&server, &[]).await;
    listening.write_all(request("/events/held").as_bytes()).await.unwrap();
    read_head(&mut listening).await;
    let (mut client, connection) = http2(identity.connect(&server, &["h2"]).await).await;
    let response = http2_get(&mut client, "/events/held").await;
    server.held.until(2).await;

    drain.send(()).unwrap();
    let _successor = successor(&server).await;

    read_to_close(&mut handshaking).await;
    server.held.release();
    assert!(read_to_close(&mut listening).await.ends_with(b"data: 2\n\n\r\n0\r\n\r\n"));
    assert!(text(response).await.ends_with("data: 2\n\n"));
    within(connection).await.unwrap().unwrap();
    within(server.stop()).await.unwrap();
}
