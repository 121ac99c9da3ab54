//! Tunnels through proxies of HTTP, over sockets.

use sse_hyper::{ClientTls, EventSource, Proxies, Publisher};
use sse_testkit::{MemoryServer, ScriptedServer, Step};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    proxies::publisher,
    support::{config, some},
    tls::serve,
};

#[tokio::test(start_paused = true)]
async fn refusal_of_a_tunnel_is_told_with_the_status_and_the_words_of_the_proxy() {
    let long = format!("403 Forbidden\r\n\r\n{}", "x".repeat(300));
    let fields = format!("403 Forbidden\r\n{}\r\n", "X-A: a\r\n".repeat(1_000));
    for (answer, rest, reason) in [
        (
            "407 Proxy Authentication Required\r\n\r\n",
            Step::Close,
            "407 Proxy Authentication Required",
        ),
        ("407 \r\n\r\n", Step::Close, "407 Proxy Authentication Required"),
        ("599 \r\n\r\n", Step::Close, "599"),
        ("302 Found\r\nLocation: https://b/\r\n\r\n", Step::Close, "302 Found"),
        ("403 Not today\r\n\r\nask\r\n  Bob\n", Step::Close, "403 Not today: ask Bob"),
        ("403 Forbidden\r\n\r\n\x1b[31mno", Step::Close, "403 Forbidden: \\u{1b}[31mno"),
        ("502 Bad Gateway\r\n\r\n <html>long", Step::Close, "502 Bad Gateway"),
        ("502 Bad Gateway\r\nContent-Encoding: br\r\n\r\n\x0b", Step::Close, "502 Bad Gateway"),
        ("502 Bad Gateway\r\nContent-Length: 9\r\n\r\nlate", Step::Hold, "502 Bad Gateway: late"),
        ("502 Bad Gateway\r\nContent-Length: 9\r\n\r\ncut", Step::Reset, "502 Bad Gateway: cut"),
        (&long, Step::Hold, &format!("403 Forbidden: {}…", "x".repeat(200))),
        (&fields, Step::Close, "403 Forbidden"),
    ] {
        let script = vec![Step::ExpectHead, Step::send(format!("HTTP/1.1 {answer}")), rest];

        let said = asked("https://a.example/", script).await;

        let words = format!("the proxy refused a tunnel to a.example:443: {reason}");
        assert_eq!(said, format!("again: the connection failed: {words}"));
    }
}

#[tokio::test(start_paused = true)]
async fn proxy_that_makes_no_tunnel_without_a_word_is_told_too() {
    let long = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "x".repeat(300_000));
    let too_long = "the head of the answer is longer than 256 KiB, or has more than 4096 fields";
    for (steps, reason) in [
        (vec![Step::Close], "connection closed before message completed"),
        (
            vec![Step::send("HTTP/1.1 200"), Step::Close],
            "connection closed before message completed",
        ),
        (vec![Step::send(long), Step::Hold], too_long),
    ] {
        let script = [vec![Step::ExpectHead], steps].concat();

        let said = asked("https://a.example/", script).await;

        let words = format!("the proxy made no tunnel to a.example:443: {reason}");
        assert_eq!(said, format!("again: the connection failed: {words}"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_with_the_answer_of_the_proxy_is_the_first_of_the_server() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    let fields =
        format!("1.1 200 OK\r\n{}\r\n", format!("X-A: {}\r\n", "x".repeat(1_000)).repeat(150));
    for head in [
        "1.1 200 OK\r\n\r\n",
        "1.0 200 Connection established\r\n\r\n",
        "1.1 299 Fine\r\n\r\n",
        "1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        &fields,
    ] {
        let answer = [format!("HTTP/{head}").as_bytes(), alert].concat();
        let script = vec![Step::ExpectHead, Step::send(answer), Step::Hold];

        let said = asked("https://a.example/", script).await;

        let words = "again: the connection failed: the server refused TLS: handshake failure";
        assert_eq!(said, words, "{head:.80}");
    }
}

#[tokio::test(start_paused = true)]
async fn tunnel_is_asked_for_by_host_and_port() {
    for (uri, target) in [
        ("https://a.example/x?y", "a.example:443"),
        ("https://me:pw@a.example:8443", "a.example:8443"),
        ("https://[::1]/", "[::1]:443"),
    ] {
        let refused = vec![Step::ExpectHead, Step::send("HTTP/1.1 403 No\r\n\r\n")];
        let server = MemoryServer::new([refused]);

        some(&mut by_proxy(uri, &server), 1).await;

        let request = &server.requests()[0];
        let line = format!("CONNECT {target} HTTP/1.1\r\n");
        assert!(request.head.starts_with(&line), "{}", request.head);
        assert_eq!(request.field("host"), Some(target));
        let user_agent = concat!("sse-hyper/", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.field("user-agent"), Some(user_agent));
        assert_eq!(request.field("authorization"), None);
        assert_eq!(request.field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
        assert_eq!(request.head.lines().filter(|line| !line.is_empty()).count(), 4);
    }
}

/// What a source says first whose proxy follows `script`.
async fn asked(uri: &str, script: Vec<Step>) -> String {
    some(&mut by_proxy(uri, &MemoryServer::new([script])), 1).await.remove(0)
}

fn by_proxy(uri: &str, proxy: &MemoryServer) -> EventSource {
    let proxy = proxy.clone();
    EventSource::builder(uri.parse().unwrap())
        .with_config(config())
        .with_tls(ClientTls::insecure())
        .with_connector(move |_uri| std::future::ready(proxy.connect()))
        .with_proxies(Proxies::One("http://me:secret@p.example".parse().unwrap()))
        .build()
        .unwrap()
}

#[tokio::test]
async fn publisher_asks_for_a_tunnel_to_a_server_under_tls() {
    let refused = vec![Step::ExpectHead, Step::send("HTTP/1.1 407 No\r\n\r\n")];
    let proxy = ScriptedServer::start([refused]).await;
    let publisher = publisher("https://a.example", &format!("http://me:secret@{}", proxy.addr()));

    let unsent = publisher.send_string("42", "ping", "hi").await.unwrap_err();

    assert_eq!(unsent.to_string(), "the proxy refused a tunnel to a.example:443: 407 No");
    let request = &proxy.requests()[0];
    assert!(request.head.starts_with("CONNECT a.example:443 HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.field("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn source_and_publisher_speak_tls_through_a_tunnel() {
    let server = serve().await;
    let proxy = tunnels().await;
    let tls = ClientTls::new().with_root_pem(server.certificate.as_bytes()).unwrap();
    let proxies = Proxies::One(proxy.parse().unwrap());
    let base: http::Uri = server.base.parse().unwrap();
    let mut source = EventSource::builder(sse_hyper::channel_uri(&base, "poll", "42").unwrap())
        .with_tls(tls.clone())
        .with_proxies(proxies.clone())
        .build()
        .unwrap();
    let publisher = Publisher::builder(base).with_tls(tls).with_proxies(proxies).build().unwrap();

    assert_eq!(some(&mut source, 1).await, ["open"]);
    publisher.send_string("42", "ping", "hi").await.unwrap();

    let mut seen = some(&mut source, 2).await;
    seen.retain(|notice| !notice.starts_with("retry"));
    assert_eq!(seen, ["hi"]);
}

/// The address of a proxy that makes every tunnel that it is asked for.
async fn tunnels() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
                let mut server = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _cut = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}
