//! A crowd of one address on a server, over real sockets.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use sse_access::limits::{Limit, Limits};
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};
use sse_hyper::{EventService, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

/// The last number of an address of 127.0.0.0/24.
const CROWD: u8 = 2;
const LISTENER: u8 = 3;
const PUBLISHER: u8 = 4;

const CONNECTIONS: usize = 1_500;
const LET_IN: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_one_address_takes_its_own_places_and_others_are_served_as_before() {
    rlimit::increase_nofile_limit(8_192).unwrap();
    let limits = Limits::new()
        .with_trusted_proxy("127.0.0.0/8".parse().unwrap())
        .with_max_connections_per_address(LET_IN as u32);
    let limits = Arc::new(limits);
    let addr = serve(limits.clone()).await;
    let mut listener = listen(LISTENER, addr, "others").await.unwrap();

    let mut publisher = connect(PUBLISHER, addr).await;
    let mut crowd = JoinSet::new();
    for _ in 0..CONNECTIONS {
        crowd.spawn(listen(CROWD, addr, "crowd"));
    }
    let (mut open, mut closed, mut published) = (Vec::new(), 0, 0);
    while !crowd.is_empty() {
        publish(&mut publisher, published).await;
        read_until(&mut listener, &format!("data: {published}\n\n")).await;
        published += 1;
        while let Some(ended) = crowd.try_join_next() {
            match ended.unwrap() {
                Some(stream) => open.push(stream),
                None => closed += 1,
            }
        }
    }

    assert_eq!((open.len(), closed), (LET_IN, CONNECTIONS - LET_IN));
    let refused = limits.counts().refused(Limit::ConnectionsPerAddress);
    assert_eq!(refused, (CONNECTIONS - LET_IN) as u64);
    drop(open);
    while limits.counts().connections > 2 {
        sleep(Duration::from_millis(1)).await;
    }
    listen(CROWD, addr, "crowd").await.expect("there is room again");
}

async fn serve(limits: Arc<Limits>) -> SocketAddr {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr().unwrap();
    let server = server.with_connection_filter(move |peer| limits.connect(peer, Instant::now()));
    let hub = HubConfig::new(StringFormat).with_mode(Mode::Shared);
    let service = EventService::new(Gateway::new(Hub::new(hub), GatewayConfig::default()));
    tokio::spawn(server.serve(service));
    addr
}

/// A connection on which `token` is listened on, unless it is closed.
async fn listen(from: u8, addr: SocketAddr, token: &str) -> Option<TcpStream> {
    let request = format!("GET /poll/{token} HTTP/1.1\r\nhost: {addr}\r\n\r\n");
    let mut stream = connect(from, addr).await;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut first = [0; 12];
    within(stream.read_exact(&mut first)).await.ok()?;
    assert_eq!(&first, b"HTTP/1.1 200");
    Some(stream)
}

async fn publish(stream: &mut TcpStream, number: usize) {
    let data = number.to_string();
    let request = format!(
        "POST /ping/others HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n\r\n{data}",
        data.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_until(stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

async fn connect(from: u8, addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, from), 0).into()).unwrap();
    within(socket.connect(addr)).await.unwrap()
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

/// What takes this long hangs.
async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it hangs")
}
