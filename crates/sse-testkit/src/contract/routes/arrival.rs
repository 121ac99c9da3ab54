//! However a request's bytes arrive, it is the same request.

use std::time::Duration;

use tokio::time::sleep;

use crate::{Listener, Setup, Target, chunk, chunked_head, contract::expect, cuts, head, post};

/// `GET /poll/{token}` at every cut of its head in two.
pub async fn a_listen_request_can_come_in_two_pieces(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for (at, [before, after]) in cuts(target.listen_request("42").as_bytes()).enumerate() {
        let mut connection = target.connect().await;
        connection.send(before).await;
        sleep(ENOUGH_TO_BE_READ).await;
        connection.send(after).await;
        let head = connection.head().await;
        assert_eq!(head.status, 200, "cut at {at}");
        target.publish("close", "42", "").await;
        Listener::new(connection, head).opened().await.expect_end().await;
    }
}

/// `POST /{action}/{token}` at every cut of head and body in two.
pub async fn a_post_can_come_in_two_pieces(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let chunked = [chunked_head("/ping/42").into_bytes(), chunk(b"hi\nyou"), chunk(b"")].concat();

    for request in [post("/ping/42", b"hi\nyou"), chunked] {
        for (at, [before, after]) in cuts(&request).enumerate() {
            let mut connection = target.connect().await;
            connection.send(before).await;
            sleep(ENOUGH_TO_BE_READ).await;
            connection.send(after).await;
            assert_eq!(connection.response().await.status(), 200, "cut at {at}");
            listener.expect("event: ping\ndata: hi\ndata: you\n\n").await;
        }
    }
}

/// A POST of which every byte comes alone, and every byte of its body in a chunk of its own.
pub async fn a_post_can_come_byte_by_byte(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let mut request = chunked_head("/ping/42").into_bytes();
    crate::single_bytes("€uro".as_bytes()).for_each(|byte| request.extend(chunk(byte)));
    request.extend(chunk(b""));

    let mut connection = target.connect().await;
    for byte in crate::single_bytes(&request) {
        connection.send(byte).await;
        sleep(Duration::from_micros(200)).await;
    }

    expect::published(&connection.response().await, "text/plain");
    listener.expect("event: ping\ndata: €uro\n\n").await;
}

/// Several requests in one piece are answered in their order.
pub async fn requests_can_be_pipelined(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let requests = [
        post("/ping/42", b"1"),
        head("GET", "/other/42", &[]).into_bytes(),
        [chunked_head("/ping/42").into_bytes(), chunk(b"2"), chunk(b"")].concat(),
        head("HEAD", "/other/42", &[]).into_bytes(),
        post("/ping/nobody", b"3"),
        post("/ping/42", b"4"),
        target.listen_request("43").into_bytes(),
    ];

    let mut connection = target.connect().await;
    connection.send(requests.concat()).await;

    assert_eq!(connection.response().await.status(), 200);
    assert_eq!(connection.response().await.status(), 301);
    assert_eq!(connection.response().await.status(), 200);
    assert_eq!(connection.head().await.status, 301);
    assert_eq!(connection.response().await.status(), 404);
    assert_eq!(connection.response().await.status(), 200);
    let head = connection.head().await;
    assert_eq!(head.status, 200);
    let mut other = Listener::new(connection, head).opened().await;
    for data in ["1", "2", "4"] {
        listener.expect(&format!("event: ping\ndata: {data}\n\n")).await;
    }
    target.publish("ping", "43", "hi").await;
    other.expect("event: ping\ndata: hi\n\n").await;
}

/// One connection can publish many times.
pub async fn a_connection_is_used_again(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let mut connection = target.connect().await;

    for data in 0..100 {
        connection.send(post("/ping/42", data.to_string().as_bytes())).await;
        expect::published(&connection.response().await, "text/plain");
        listener.expect(&format!("event: ping\ndata: {data}\n\n")).await;
    }
}

/// A client of HTTP/1.0 knows no chunks: its stream ends with the connection.
pub async fn http_1_0_can_listen_and_publish(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut connection = target.connect().await;
    connection.send("GET /poll/42 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    let head = connection.head().await;
    let said = head.field("connection");
    assert!(matches!(said, None | Some("close")), "it ends with the connection: {head:?}");
    assert_eq!((head.status, head.field("transfer-encoding")), (200, None));
    let mut listener = Listener::new(connection, head).opened().await;

    let mut publisher = target.connect().await;
    publisher.send("POST /ping/42 HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!(publisher.response().await.status(), 200);
    listener.expect("event: ping\ndata: hi\n\n").await;

    target.publish("close", "42", "").await;
    listener.expect_end().await;
}

/// A client that waits for `100 Continue` before it sends its body is told to go on.
pub async fn a_client_that_expects_100_is_told_to_continue(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let fields = [("Content-Length", "2"), ("Expect", "100-continue")];

    let mut connection = target.connect().await;
    connection.send(head("POST", "/ping/42", &fields)).await;
    assert_eq!(connection.head().await.status, 100);
    connection.send("hi").await;

    expect::published(&connection.response().await, "text/plain");
    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// So that the server sees the piece on its own, most of the time.
const ENOUGH_TO_BE_READ: Duration = Duration::from_millis(1);
