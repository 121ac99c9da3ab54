//! Event streams, which the server sends without hyper where that can be.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::response::event_stream;
use sse_hyper::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tower::service_fn;

use super::support::{TestServer, hello, read_head, read_to_close, request, within};

/// The chunks of the two events.
const BODY: &[u8] = b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n";

#[tokio::test]
async fn the_bytes_are_those_that_hyper_sends() {
    let server = TestServer::start(|server| server).await;
    let mut answers = Vec::new();
    // Where trailers can be read it is left to hyper.
    for header in ["", "Connection: keep-alive\r\n", "TE: trailers\r\n"] {
        let mut stream = server.connect().await;
        let request = format!("GET /events HTTP/1.1\r\nHost: test\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        let (head, date) = head.split_once("date: ").expect("every answer has a date");
        assert!(date.ends_with(" GMT\r\n\r\n"), "{date:?}");
        let mut body = vec![0; BODY.len()];
        within(stream.read_exact(&mut body)).await.unwrap();
        answers.push((head.to_owned(), body));
    }

    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[0].1, BODY);
}

#[tokio::test]
async fn the_connection_serves_on_after_the_end_of_a_stream() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.connect().await;
    // The second is there before the first is answered, the third comes later.
    let both = request("/events") + &request("/events");
    stream.write_all(both.as_bytes()).await.unwrap();
    for _ in 0..2 {
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
        let mut body = vec![0; BODY.len()];
        within(stream.read_exact(&mut body)).await.unwrap();
        assert_eq!(body, BODY);
    }

    hello(&mut stream).await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_stream_whether_or_not_it_reads() {
    let server = TestServer::start(|server| server).await;
    for path in ["/events/silent", "/events/endless"] {
        for is_half in [false, true] {
            let mut stream = server.get(path).await;
            server.bodies.until(1).await;

            let _kept = if is_half {
                stream.shutdown().await.unwrap();
                Some(stream)
            } else {
                drop(stream);
                None
            };

            server.bodies.until(0).await;
        }
    }
}

#[tokio::test]
async fn bytes_that_a_listener_sends_do_not_end_its_stream() {
    let server = TestServer::start(|server| server).await;
    let mut stream = server.get("/events/silent").await;
    let mut open = [0; 9];
    within(stream.read_exact(&mut open)).await.unwrap();
    assert_eq!(&open, b"4\r\nopen\r\n");

    stream.write_all(request("/").as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    server.bodies.until(1).await;
    stream.shutdown().await.unwrap();

    server.bodies.until(0).await;
    assert_eq!(read_to_close(&mut stream).await, b"");
}

#[tokio::test]
async fn a_body_that_has_nothing_more_is_asked_again_once_it_has() {
    const EVENTS: usize = 20;
    let asked = Arc::new(AtomicUsize::new(0));
    let (events, mut received) = mpsc::unbounded_channel();
    let count = asked.clone();
    let body = StreamBody::new(stream::poll_fn(move |cx| {
        count.fetch_add(1, Ordering::Relaxed);
        received.poll_recv(cx).map(|data| Some(Ok::<_, Infallible>(Frame::data(data?))))
    }));
    let body = Arc::new(Mutex::new(Some(body)));
    let service = service_fn(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(event_stream(body)) }
    });
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
    let serving = tokio::spawn(server.serve(service));
    stream.write_all(request("/").as_bytes()).await.unwrap();
    read_head(&mut stream).await;

    for _ in 0..EVENTS {
        events.send(Bytes::from_static(b"data: 1\n\n")).unwrap();
        let mut chunk = [0; 14];
        within(stream.read_exact(&mut chunk)).await.unwrap();
        assert_eq!(&chunk, b"9\r\ndata: 1\n\n\r\n");
    }

    // For what it has, and for that it has no more; and what the beginning costs.
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked <= 2 * EVENTS + 5, "{asked}");
    serving.abort();
}
