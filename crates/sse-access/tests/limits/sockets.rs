//! Connections that a server lets in, and the requests on them.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use sse_access::limits::{Limit, Limits};
use sse_hyper::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tower::service_fn;

/// A server whose only service is to ask who its clients are.
async fn serve(limits: Limits) -> (Arc<Limits>, SocketAddr) {
    let limits = Arc::new(limits);
    let server = Server::bind("127.0.0.1:0").await.unwrap().with_remote_addr(false);
    let addr = server.local_addr().unwrap();
    let filter = limits.clone();
    let server = server.with_connection_filter(move |peer| filter.connect(peer, Instant::now()));
    let asked = limits.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (parts, _body) = request.into_parts();
        let client = asked.client(&parts).expect("the connection says where it comes from");
        async move {
            let response = Response::builder().header("client", client.ip().to_string());
            Ok::<_, Infallible>(response.body(Empty::<Bytes>::new()).unwrap())
        }
    });
    tokio::spawn(server.serve(service));
    (limits, addr)
}

/// Who a request is found to be of, unless its connection was closed.
async fn ask(stream: &mut TcpStream, header: &str) -> Option<String> {
    let request = format!("GET / HTTP/1.1\r\nhost: h\r\n{header}\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let byte = timeout(Duration::from_secs(60), stream.read_u8()).await.expect("it hangs");
        read.push(byte.ok()?);
    }
    let head = String::from_utf8(read).unwrap();
    head.lines().find_map(|line| line.strip_prefix("client: ").map(str::to_owned))
}

#[tokio::test]
async fn a_proxy_has_as_many_connections_as_its_clients_need() {
    let limits = Limits::new()
        .with_max_connections_per_address(1)
        .with_connection_rate(1)
        .with_trusted_proxy("127.0.0.1/32".parse().unwrap());
    let (limits, addr) = serve(limits).await;
    let mut carrying = Vec::new();

    for client in 1..=20 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        assert_eq!(ask(&mut stream, "").await.as_deref(), Some("127.0.0.1"));
        let mut second = TcpStream::connect(addr).await.unwrap();
        assert_eq!(ask(&mut second, "").await, None, "the first one counts for the proxy");

        let ip = format!("203.0.113.{client}");
        let header = format!("X-Forwarded-For: 198.51.100.1, {ip}\r\n");
        assert_eq!(ask(&mut stream, &header).await, Some(ip));
        carrying.push(stream);
    }

    assert_eq!(limits.counts().connections, 20);
    for stream in &mut carrying {
        let header = "X-Forwarded-For: 203.0.113.99\r\n";
        assert_eq!(ask(stream, header).await.as_deref(), Some("203.0.113.99"));
    }
}

#[tokio::test]
async fn new_connections_of_one_address_come_at_its_rate_and_those_of_others_at_theirs() {
    let limits =
        Limits::new().with_connection_rate(1).with_trusted_proxy("127.0.0.0/8".parse().unwrap());
    let (limits, addr) = serve(limits).await;
    let connect = async |last| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
        socket.connect(addr).await.unwrap()
    };

    let (start, mut served) = (Instant::now(), 0);
    for number in 0..100 {
        let is_served = ask(&mut connect(2).await, "").await.is_some();
        assert!(is_served || number >= 10, "the first ten come at once");
        served += u64::from(is_served);
    }

    assert!(served <= 11 + start.elapsed().as_secs(), "{served}");
    assert_eq!(limits.counts().refused(Limit::ConnectionRate), 100 - served);
    assert_eq!(ask(&mut connect(3).await, "").await.as_deref(), Some("127.0.0.3"));
}

#[tokio::test]
async fn what_a_loopback_address_says_of_others_is_not_believed() {
    let (limits, addr) = serve(Limits::new().with_max_connections_per_address(1)).await;
    let mut streams = [(); 3].map(|()| None);
    for stream in &mut streams {
        let stream = stream.insert(TcpStream::connect(addr).await.unwrap());
        let header = "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n";
        assert_eq!(ask(stream, header).await.as_deref(), Some("127.0.0.1"));
    }
    assert_eq!(limits.counts().connections, 3);
}
