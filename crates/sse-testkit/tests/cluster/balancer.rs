use std::net::SocketAddr;

use futures_util::future::join_all;
use sse_testkit::{
    cluster::{Balancer, RedisServer},
    run, until,
};
use tokio::{
    io::{AsyncWriteExt, copy},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::client::Client;

/// Says its name to each who comes, and then whatever they say.
struct Node {
    addr: SocketAddr,
    serving: JoinSet<()>,
}

impl Node {
    async fn start(name: &'static str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        // Linux forgets a client that finds no room here, and the client does not hear of it.
        let listener = socket.listen(4_096).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(echo(stream, name));
            }
        });
        Self { addr, serving }
    }
}

async fn echo(mut stream: TcpStream, name: &str) {
    let (mut from, mut to) = stream.split();
    to.write_all(format!("{name}\r\n").as_bytes()).await.unwrap();
    let _ended = copy(&mut from, &mut to).await;
}

#[test]
fn clients_come_to_one_node_after_the_other() {
    run(async {
        let (a, b) = (Node::start("a").await, Node::start("b").await);
        let balancer = Balancer::start([a.addr, b.addr]);

        for name in ["a", "b", "a", "b"] {
            let mut client = Client::connect(balancer.addr()).await;
            client.until(&format!("{name}\r\n")).await;
        }
    });
}

#[test]
fn the_next_node_gets_who_would_have_come_to_one_that_is_gone() {
    run(async {
        let (mut a, b) = (Node::start("a").await, Node::start("b").await);
        let balancer = Balancer::start([a.addr, b.addr]);
        a.serving.shutdown().await;

        for _ in 0..3 {
            Client::connect(balancer.addr()).await.until("b\r\n").await;
        }
    });
}

#[test]
fn connections_end_with_their_node() {
    run(async {
        let (mut a, b) = (Node::start("a").await, Node::start("b").await);
        let balancer = Balancer::start([a.addr, b.addr]);
        let mut on_a = Client::connect(balancer.addr()).await;
        let mut on_b = Client::connect(balancer.addr()).await;
        on_a.until("a\r\n").await;
        on_b.until("b\r\n").await;

        a.serving.shutdown().await;

        on_a.ends().await;
        on_b.write("still here\r\n").await.unwrap();
        on_b.until("still here\r\n").await;
    });
}

#[test]
fn connections_end_with_a_node_that_is_killed() {
    let redis = RedisServer::start(&[]);
    run(async {
        let balancer = Balancer::start([redis.addr()]);
        let mut client = Client::connect(balancer.addr()).await;
        client.ping().await;

        redis.kill();

        client.ends().await;
    });
}

#[test]
fn who_finds_no_node_is_closed() {
    run(async {
        let balancer = Balancer::start([]);

        Client::connect(balancer.addr()).await.ends().await;
    });
}

#[test]
fn new_connections_go_to_the_new_nodes() {
    run(async {
        let (a, b) = (Node::start("a").await, Node::start("b").await);
        let balancer = Balancer::start([a.addr]);
        let mut old = Client::connect(balancer.addr()).await;
        old.until("a\r\n").await;

        balancer.set_targets([b.addr]);

        Client::connect(balancer.addr()).await.until("b\r\n").await;
        old.write("still here\r\n").await.unwrap();
        old.until("still here\r\n").await;
    });
}

#[test]
fn all_connections_end_with_the_balancer() {
    run(async {
        let node = Node::start("a").await;
        let balancer = Balancer::start([node.addr]);
        let addr = balancer.addr();
        let mut client = Client::connect(addr).await;
        client.until("a\r\n").await;

        drop(balancer);

        client.ends().await;
        until("the port is closed", async || TcpStream::connect(addr).await.is_err()).await;
    });
}

#[test]
fn three_thousand_connections_are_carried_at_once() {
    run(async {
        let node = Node::start("a").await;
        let balancer = Balancer::start([node.addr]);

        let connecting = (0..3_000).map(|_| Client::connect(balancer.addr()));
        let mut clients = join_all(connecting).await;
        join_all(clients.iter_mut().map(|client| client.until("a\r\n"))).await;
        join_all(clients.iter_mut().enumerate().map(async |(index, client)| {
            let line = format!("{index}\r\n");
            client.write(&line).await.unwrap();
            assert_eq!(client.until("\r\n").await, line);
        }))
        .await;
    });
}
