//! Proxies of SOCKS, over sockets.

use std::{io, sync::mpsc, time::Duration};

use sse_hyper::{ClientTls, EventSource, Proxies};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Builder,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::{
    proxies::source,
    support::{config, some},
};

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

#[test]
fn name_is_looked_up_by_a_thread_that_may_wait() {
    for scheme in ["socks4", "socks5"] {
        let runtime =
            Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
        let (release, released) = mpsc::channel::<()>();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("{scheme}://{}", listener.local_addr().unwrap());
            let busy = spawn_blocking(move || released.recv());
            let mut source = source("http://localhost/", &address);

            let asking = timeout(Duration::from_millis(200), some(&mut source, 1)).await;
            assert!(asking.is_err(), "{scheme}: {asking:?}");
            let mut proxy = listener.accept().await.unwrap().0;
            let asked = timeout(Duration::from_millis(10), proxy.read_u8()).await;
            assert!(asked.is_err(), "{scheme}: it is asked before the name is looked up");
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();

            let version = async { proxy.read_u8().await.unwrap() };
            tokio::select! {
                version = version => assert_eq!(version, scheme.as_bytes()[5] - b'0'),
                seen = some(&mut source, 1) => panic!("{scheme}: {seen:?}"),
            }
        });
    }
}

#[tokio::test]
async fn address_is_sent_where_the_proxy_looks_no_names_up() {
    for (uri, scheme, request) in [
        ("http://localhost:81/", "socks4", &b"\x04\x01\x00\x51\x7f\x00\x00\x01\x00"[..]),
        ("http://10.1.2.3/", "socks4", b"\x04\x01\x00\x50\x0a\x01\x02\x03\x00"),
        ("http://10.1.2.3/", "socks4a", b"\x04\x01\x00\x50\x0a\x01\x02\x03\x00"),
        ("https://a.example/", "socks4a", b"\x04\x01\x01\xbb\x00\x00\x00\xff\x00a.example\x00"),
        ("http://10.1.2.3/", "socks5h", b"\x05\x01\x00\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50"),
        (
            "http://[::1]:258/",
            "socks5",
            b"\x05\x01\x00\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02",
        ),
    ] {
        let (address, proxy) = proxy(scheme, request.to_vec(), vec![5, 0]).await;

        some(&mut source(uri, &address), 1).await;

        assert_eq!(proxy.await.unwrap().unwrap(), request, "{uri} {scheme}");
    }
}

#[tokio::test]
async fn what_socks_cannot_say_is_refused_with_the_reason() {
    let long = format!("http://{}/", "a".repeat(256));
    let too_long = "the host is 256 bytes long, and SOCKS takes at most 255";
    let no_ipv4 = "::1 has no address of IPv4, and SOCKS4 knows no other";
    for (uri, scheme, words) in [
        ("http://[::1]/", "socks4", no_ipv4),
        ("http://[::1]/", "socks4a", no_ipv4),
        (&long, "socks4a", too_long),
        (&long, "socks5h", too_long),
    ] {
        let (address, _proxy) = proxy(scheme, Vec::new(), Vec::new()).await;

        let seen = some(&mut source(uri, &address), 1).await;

        assert_eq!(seen, [format!("again: the connection failed: {words}")], "{scheme}");
    }
    let (address, _proxy) = proxy("socks5", Vec::new(), Vec::new()).await;
    let seen = some(&mut source("http://a..example/", &address), 1).await;
    let words = "again: the connection failed: the address of a..example cannot be looked up: ";
    assert!(seen[0].starts_with(words), "{seen:?}");
    for user in [format!("{}:pw", "é".repeat(128)), format!("me:{}", "p".repeat(256))] {
        let address = format!("socks5://{user}@127.0.0.77");
        let Ok(proxy) = address.replace('é', "%C3%A9").parse() else { panic!("{address}") };
        let builder = EventSource::builder("http://a.example/".parse().unwrap());

        let refused = builder.with_proxies(Proxies::One(proxy)).build().unwrap_err();

        let words = "its user or its password is 256 bytes long, and SOCKS5 takes at most 255";
        assert!(refused.to_string().ends_with(words), "{refused}");
    }
}

#[tokio::test]
async fn user_password_and_host_may_be_as_long_as_socks_can_say() {
    let [user, password, host] = ["u", "p", "h"].map(|letter| letter.repeat(255));
    let said = [
        &b"\x05\x01\x02\x01\xff"[..],
        user.as_bytes(),
        b"\xff",
        password.as_bytes(),
        b"\x05\x01\x00\x03\xff",
        host.as_bytes(),
        b"\x00\x50",
    ]
    .concat();
    let (address, proxy) =
        proxy(&format!("socks5h://{user}:{password}@"), said.clone(), vec![5, 2, 1, 0]).await;

    some(&mut source(&format!("http://{host}/"), &address), 1).await;

    assert_eq!(proxy.await.unwrap().unwrap(), said);
}

#[tokio::test]
async fn refusal_of_a_proxy_is_told_in_words() {
    for (address, answer, words) in [
        (
            "socks5h://",
            &[5, 255][..],
            "the proxy wants to know who asks, and its address names no user",
        ),
        (
            "socks5h://me:pw@",
            &[5, 255],
            "the proxy takes no user and no password, and its address names them",
        ),
        (
            "socks5h://me:pw@",
            &[5, 2, 1, 1],
            "the proxy does not accept the user and the password in its address",
        ),
        (
            "socks5h://",
            &[5, 0, 5, 2, 0, 1],
            "the proxy made no connection: not allowed by its rules",
        ),
        ("socks5h://", &[5, 0, 5, 5, 0, 1], "the proxy made no connection: connection refused"),
        ("socks5h://", &[5, 0, 5, 77, 0, 1], "the proxy made no connection: code 77"),
        ("socks5h://", b"HTTP/1.1 400 Bad Request", "the proxy does not speak SOCKS5"),
        ("socks5h://", &[5, 0, 5], "the connection to the proxy broke off: early eof"),
        (
            "socks4a://",
            &[0, 91, 0, 0, 0, 0, 0, 0],
            "the proxy made no connection: rejected or failed",
        ),
        ("socks4a://", b"HTTP/1.1", "the proxy does not speak SOCKS4"),
        ("socks4a://", &[0, 90, 0], "the connection to the proxy broke off: early eof"),
    ] {
        let (address, _proxy) = proxy(address, Vec::new(), answer.to_vec()).await;

        let seen = some(&mut source("http://a.example/", &address), 1).await;

        assert_eq!(seen, [format!("again: the connection failed: {words}")], "{answer:?}");
    }
}

#[tokio::test]
async fn what_comes_with_the_answer_of_the_proxy_is_the_first_of_the_server() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    for (scheme, answer) in [
        ("socks4a", &[0, 90, 0, 0, 0, 0, 0, 0][..]),
        ("socks5h", &[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("socks5h", &[5, 0, 5, 0, 0, 3, 1, 65, 0, 0]),
        ("socks5h", &[5, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let (address, _proxy) = proxy(scheme, Vec::new(), [answer, alert].concat()).await;
        let mut source = EventSource::builder("https://a.example/".parse().unwrap())
            .with_config(config())
            .with_tls(ClientTls::insecure())
            .with_proxies(Proxies::One(address.parse().unwrap()))
            .build()
            .unwrap();

        let seen = some(&mut source, 1).await;

        let words = "again: the connection failed: the server refused TLS: handshake failure";
        assert_eq!(seen, [words], "{scheme}");
    }
}

/// A proxy that says all of `answer` at once, hears as many bytes as `request` has, which it gives back, and
/// then closes its side; and its address, which begins with `scheme`.
async fn proxy(
    scheme: &str,
    request: Vec<u8>,
    answer: Vec<u8>,
) -> (String, JoinHandle<io::Result<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let separator = if scheme.ends_with(['/', '@']) { "" } else { "://" };
    let address = format!("{scheme}{separator}{}", listener.local_addr().unwrap());
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(&answer).await?;
        let mut heard = vec![0; request.len()];
        stream.read_exact(&mut heard).await?;
        stream.shutdown().await?;
        // A reset would take what was said with it.
        let _left = stream.read_to_end(&mut Vec::new()).await;
        Ok(heard)
    });
    (address, proxy)
}
