//! Proxies, over sockets.

use futures_util::StreamExt;
use sse_hyper::{EventSource, Proxies};
use sse_testkit::{ScriptedServer, Step};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{config, held, some};

#[tokio::test]
async fn proxy_of_http_is_asked_for_the_whole_address() {
    let proxy = ScriptedServer::start([held("data: a\n\n")]).await;
    let address = format!("http://me:secret@{}", proxy.addr());

    let seen = some(&mut source("http://a.example/stream?q", &address), 2).await;

    assert_eq!(seen, ["open", "a"]);
    let request = &proxy.requests()[0];
    assert!(
        request.head.starts_with("GET http://a.example/stream?q HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert_eq!(request.field("host"), Some("a.example"));
    assert_eq!(request.field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn proxy_that_refuses_a_tunnel_is_a_network_error() {
    let script =
        vec![Step::ExpectHead, Step::send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")];
    let proxy = ScriptedServer::start([script]).await;

    let seen = some(&mut source("https://a.example/", &proxy.url("")), 1).await;

    assert!(seen[0].starts_with("again: the connection failed: tunnel error"), "{seen:?}");
    let head = &proxy.requests()[0].head;
    assert!(head.starts_with("CONNECT a.example:443 HTTP/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn proxy_of_socks_gets_the_name_and_passes_the_bytes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("socks5h://{}", listener.local_addr().unwrap());
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(greeting, [5, 1, 0]);
        stream.write_all(&[5, 0]).await.unwrap();
        let mut request = [0; 16];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(&request, b"\x05\x01\x00\x03\x09a.example\x00\x50");
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n";
        stream.write_all(answer).await.unwrap();
        let _closed = stream.read_u8().await;
        String::from_utf8(head).unwrap()
    });
    let mut source = source("http://a.example/stream", &address);

    assert_eq!(some(&mut source, 2).await, ["open", "a"]);

    drop(source);
    let head = proxy.await.unwrap();
    assert!(head.starts_with("GET /stream HTTP/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn proxy_of_socks_without_a_port_is_asked_at_its_own() {
    let seen = some(&mut source("http://a.example/", "socks5://127.0.0.77"), 1).await;

    assert!(seen[0].contains("no connection to 127.0.0.77:1080"), "{seen:?}");
}

#[tokio::test]
async fn proxy_that_does_not_speak_tls_is_told_from_a_server() {
    let script = vec![Step::send("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Hold];
    let proxy = ScriptedServer::start([script]).await;
    let address = proxy.url("").replace("http://", "https://");

    let seen = some(&mut source("http://a.example/", &address), 1).await;

    assert!(seen[0].contains("the proxy does not speak TLS on its port"), "{seen:?}");
}

#[tokio::test]
async fn proxy_that_speaks_tls_is_told_from_a_server() {
    let alert = &b"\x15\x03\x03\x00\x02\x02\x28"[..];
    let page = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    for (uri, answer) in [
        ("http://a.example/", alert),
        ("https://a.example/", alert),
        ("https://a.example/", page.as_bytes()),
    ] {
        let script = vec![Step::ExpectHead, Step::send(answer), Step::Close];
        let proxy = ScriptedServer::start([script]).await;

        let seen = some(&mut source(uri, &proxy.url("")), 1).await;

        let words = "the connection failed: the proxy speaks TLS on its port: use https:// for it";
        assert_eq!(seen, [format!("again: {words}")], "{uri} {answer:?}");
    }
}

#[tokio::test]
async fn bad_request_by_a_proxy_blames_no_server() {
    let page = Step::response("400 Bad Request", "Client sent an HTTP request to an HTTPS server");
    let proxy = ScriptedServer::start([vec![Step::ExpectHead, page]]).await;

    let mut source = source("http://a.example/", &proxy.url(""));
    let refused = source.next().await.unwrap().unwrap_err();

    let words = "the proxy, or the server behind it, speaks TLS on its port: use https:// for it";
    assert_eq!(refused.to_string(), format!("the server answered 400 Bad Request: {words}"));
    assert_eq!(refused.tls_mismatch(), None);
}

fn source(uri: &str, proxy: &str) -> EventSource {
    EventSource::builder(uri.parse().unwrap())
        .with_config(config())
        .with_proxies(Proxies::One(proxy.parse().unwrap()))
        .build()
        .unwrap()
}
