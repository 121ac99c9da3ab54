//! A client that does not come up with a request is closed after the header timeout.

use std::time::Duration;

use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};

use super::{
    support::{TestServer, hello, http2, http2_get, read_head, read_to_close, request, text},
    tls::Identity,
};

const TIMEOUT: Duration = Duration::from_millis(250);

/// What may come before silence, none of it a request.
const BEGINNINGS: [&str; 6] = [
    "",
    "G",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: test\r\n",
    "P",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r",
];

async fn server() -> TestServer {
    TestServer::start(|server| server.with_header_timeout(TIMEOUT)).await
}

#[tokio::test]
async fn silence_after_any_beginning_is_closed() {
    let server = server().await;
    for beginning in BEGINNINGS {
        let start = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();

        assert_eq!(read_to_close(&mut stream).await, b"", "after {beginning:?}");
        assert!(start.elapsed() >= TIMEOUT, "after {beginning:?}");
    }
}

#[tokio::test]
async fn silence_under_tls_is_closed() {
    let identity = Identity::new();
    let server =
        TestServer::start(|it| it.with_header_timeout(TIMEOUT).with_tls(identity.tls())).await;
    for beginning in BEGINNINGS {
        let start = Instant::now();
        let mut stream = identity.connect(&server, &[]).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();

        assert_eq!(read_to_close(&mut stream).await, b"", "after {beginning:?}");
        assert!(start.elapsed() >= TIMEOUT, "after {beginning:?}");
    }
}

#[tokio::test]
async fn half_a_tls_handshake_is_closed() {
    let identity = Identity::new();
    let server =
        TestServer::start(|it| it.with_header_timeout(TIMEOUT).with_tls(identity.tls())).await;
    // Nothing, half the head of a record, and a record of which the rest is missing.
    for beginning in [&b""[..], b"\x16\x03", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let start = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(beginning).await.unwrap();

        assert_eq!(read_to_close(&mut stream).await, b"", "after {beginning:?}");
        assert!(start.elapsed() >= TIMEOUT, "after {beginning:?}");
    }
}

#[tokio::test]
async fn trickled_head_is_closed() {
    let server = server().await;
    let start = Instant::now();
    let (mut reading, mut writing) = server.connect().await.into_split();
    let trickle = tokio::spawn(async move {
        for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
            if writing.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(TIMEOUT / 10).await;
        }
    });

    read_to_close(&mut reading).await;

    assert!(start.elapsed() >= TIMEOUT);
    trickle.abort();
}

#[tokio::test]
async fn first_bytes_do_not_move_the_deadline() {
    let timeout = Duration::from_secs(1);
    let server = TestServer::start(|it| it.with_header_timeout(timeout)).await;
    let mut early = server.connect().await;
    sleep(timeout * 6 / 10).await;
    early.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut late = server.connect().await;

    // Counted from its first bytes, the early one would be due with the late one.
    let early = async {
        read_to_close(&mut early).await;
        Instant::now()
    };
    let late = async {
        read_to_close(&mut late).await;
        Instant::now()
    };
    let (early, late) = tokio::join!(early, late);

    assert!(late - early >= timeout / 5, "{:?}", late - early);
}

#[tokio::test]
async fn silence_between_requests_is_closed() {
    let server = server().await;
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    hello(&mut stream).await;

    let start = Instant::now();
    assert_eq!(read_to_close(&mut stream).await, b"");

    // The server's clock began when it wrote the answer, a little before ours.
    assert!(start.elapsed() >= TIMEOUT / 2);
}

#[tokio::test]
async fn slow_head_that_completes_in_time_is_served() {
    let server = TestServer::start(|it| it.with_header_timeout(Duration::from_secs(30))).await;
    let mut stream = server.connect().await;

    for piece in request("/").as_bytes().chunks(4) {
        stream.write_all(piece).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }

    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn response_may_take_longer() {
    let server = server().await;
    let mut stream = server.connect().await;
    stream.write_all(request("/slow").as_bytes()).await.unwrap();
    let silent = server.get("/silent").await;

    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
    sleep(TIMEOUT * 2).await;

    server.bodies.until(1).await;
    drop(silent);
    server.bodies.until(0).await;
}

#[tokio::test]
async fn idle_http2_connection_is_kept() {
    let server = server().await;
    let (mut client, _connection) = http2(server.connect().await).await;
    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");

    sleep(TIMEOUT * 3).await;

    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");
}
