//! The scripted server plays what it was told and records what it was sent.

use std::time::Duration;

use sse_testkit::{Connection, End, Listener, ScriptedServer, Step, StreamEnd, head, post};
use tokio::net::TcpStream;

#[tokio::test]
async fn each_connection_gets_its_own_script() {
    let server = ScriptedServer::start([
        vec![Step::ExpectHead, Step::response("404 Not Found", "no")],
        vec![Step::ExpectHead, Step::stream_head(), Step::send("data: 1\n\n"), Step::Close],
    ])
    .await;

    let mut first = Connection::open(server.addr()).await;
    first.send(head("GET", "/1", &[("Last-Event-ID", "7")])).await;
    assert_eq!(first.response().await.text(), "no");
    assert_eq!(first.end().await, End::Closed);
    let mut second = Connection::open(server.addr()).await;
    second.send(head("GET", "/2", &[])).await;
    let head = second.head().await;
    let mut stream = Listener::new(second, head);
    stream.expect("data: 1\n\n").await;
    stream.expect_end().await;

    let requests = server.requests();
    assert_eq!((requests[0].connection, requests[1].connection), (0, 1));
    assert_eq!(requests[0].field("Last-Event-ID"), Some("7"));
    assert!(requests[1].head.starts_with("GET /2 HTTP/1.1\r\n"));
    assert!(requests[0].at <= requests[1].at);
}

#[tokio::test]
async fn bodies_are_recorded() {
    let answer = Step::response("200 OK", "");
    let script = vec![Step::ExpectHead, Step::ExpectBody, answer.clone()];
    let server = ScriptedServer::start([[script.clone(), script].concat()]).await;

    let mut client = Connection::open(server.addr()).await;
    client.send([post("/ping/42", b"one"), post("/ping/42", b"three")].concat()).await;
    client.response().await;
    client.response().await;

    let requests = server.until_requests(2).await;
    assert_eq!([&requests[0].body[..], &requests[1].body], [&b"one"[..], b"three"]);
}

#[tokio::test]
async fn a_reset_cuts_the_stream() {
    let server =
        ScriptedServer::start([vec![Step::ExpectHead, Step::stream_head(), Step::Reset]]).await;

    let mut client = Connection::open(server.addr()).await;
    client.send(head("GET", "/", &[])).await;
    let head = client.head().await;

    assert_eq!(Listener::new(client, head).next_block().await, Err(StreamEnd::Cut));
}

#[tokio::test]
async fn a_departure_is_noticed() {
    let server = ScriptedServer::start([vec![Step::Hold]]).await;

    let client = Connection::open(server.addr()).await;
    assert_eq!(server.departures(), 0);
    drop(client);

    server.until_departures(1).await;
    assert_eq!((server.connections(), server.departures()), (1, 1));
}

#[tokio::test]
async fn connections_without_a_script_are_refused() {
    let server = ScriptedServer::start([vec![Step::Close]]).await;

    assert_eq!(Connection::open(server.addr()).await.end().await, End::Closed);

    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(server.addr()).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "it is still accepted");
    }
}

#[tokio::test]
async fn bytes_can_be_sent_singly_and_slowly() {
    let script = vec![
        Step::send("HTTP/1.1 200 OK\r\n\r\n"),
        Step::SendSingly(b"data: \xE2\x82\xAC\n\n".to_vec()),
        Step::Sleep(Duration::from_millis(20)),
        Step::send("data: 2\n\n"),
    ];
    let server = ScriptedServer::start([script]).await;

    let mut client = Connection::open(server.addr()).await;
    let head = client.head().await;
    let mut stream = Listener::new(client, head);

    stream.expect("data: €\n\ndata: 2\n\n").await;
    stream.expect_end().await;
}
