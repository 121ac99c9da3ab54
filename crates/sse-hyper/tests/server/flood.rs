use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use sse_hyper::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
};
use tower::service_fn;

use super::support::within;

/// All tasks share a thread here. One that gives way is polled again once the runtime has nobody else to poll.
#[tokio::test]
async fn a_client_that_pipelines_without_end_leaves_others_their_turn() {
    let answered = Arc::new(AtomicUsize::new(0));
    let service = service_fn({
        let answered = answered.clone();
        move |_: Request<Incoming>| {
            answered.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok")))) }
        }
    });
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    tokio::spawn(server.serve(service));
    let mut client = TcpStream::connect(addr).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    // Few enough that nobody waits for room in a socket.
    client.write_all(request.repeat(REQUESTS).as_bytes()).await.unwrap();

    let (mut before, mut most) = (0, 0);
    within(async {
        while before < REQUESTS {
            yield_now().await;
            let now = answered.load(Ordering::Relaxed);
            most = most.max(now - before);
            before = now;
        }
    })
    .await;

    assert!(most <= 64, "{most} requests in a row");
    let mut answers = vec![0; REQUESTS * 17];
    client.read_exact(&mut answers).await.unwrap();
    assert!(answers.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

const REQUESTS: usize = 1_000;
