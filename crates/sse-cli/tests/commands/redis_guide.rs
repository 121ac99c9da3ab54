//! The configurations of `docs/nodes`: three servers on one Redis behind nginx and behind haproxy, with clients that
//! lose the server that they are at.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::Instant,
};

use rustix::process::Signal;
use sse_testkit::{Response, cluster::RedisServer};

use crate::support::{CLIENT, Folder, HANG, Nodes, Poster, Process, Server, exchange, stop};

#[test]
#[ignore = "nginx is not installed for the tests"]
fn behind_nginx_clients_miss_nothing_when_servers_are_killed_or_drained_or_redis_is_away() {
    miss_nothing("nginx.conf", None, |config, folder| {
        let mut nginx = Command::new("nginx");
        let pid = folder.path("nginx.pid");
        // One process, which ends with the test.
        nginx.args(["-e", "stderr", "-c", config, "-g"]);
        nginx.arg(format!("daemon off; master_process off; pid {pid};"));
        nginx
    });
}

#[test]
#[ignore = "haproxy is not installed for the tests"]
fn behind_haproxy_clients_miss_nothing_when_servers_are_killed_or_drained_or_redis_is_away() {
    let unready = Some("backend 'ready' has no server available");
    miss_nothing("haproxy.cfg", unready, |config, _folder| {
        let mut haproxy = Command::new("haproxy");
        haproxy.args(["-db", "-f", config]);
        haproxy
    });
}

/// `unready` is what a proxy logs that has noticed that no server is ready.
fn miss_nothing(config: &str, unready: Option<&str>, proxy: impl Fn(&str, &Folder) -> Command) {
    let (folder, nodes) = (Folder::new(), nodes());
    let servers = [(); 3].map(|()| nodes.start_with_admin(&[]));
    let front = free_port();
    let text = with_ports(&guide(config), front, &servers);
    let proxy = Process::spawn(&mut proxy(&folder.write(config, text), &folder));
    until_served(front);
    let [(one, _), (two, _), _three] = servers;
    // One after the other, so that each is at another server.
    let clients = [(); 3].map(|()| client(front));

    publish(front, 1..=5);
    stop(one, Signal::KILL);
    publish(front, 6..=15);
    stop(two, Signal::TERM);
    publish(front, 16..=25);
    nodes.redis.pause();
    let refused = exchange(front, "POST", "/ping/42", "perhaps");
    unready.map(|line| proxy.log_line(line));
    let refused = [refused, exchange(front, "POST", "/ping/42", "never")];
    nodes.redis.resume();
    publish(front, 26..=30);
    post(front, "end");

    for refused in refused {
        assert_eq!(refused.status(), 503, "{refused:?}");
        assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
    }
    let ended = clients.map(Process::wait);
    for ended in &ended {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        // What was refused in the middle may have been published all the same, once.
        let (perhaps, all): (Vec<_>, Vec<_>) =
            ended.stdout.lines().filter_map(data).partition(|data| *data == "perhaps");
        assert!(perhaps.len() <= 1, "{ended:?}");
        assert!(all.iter().map(|data| data.parse::<u32>().unwrap()).eq(1..=30), "{ended:?}");
    }
    for why in ["the stream broke off", "the stream ended"] {
        assert!(ended.iter().any(|ended| ended.stderr.contains(why)), "{why}: {ended:?}");
    }
}

/// Servers as the guide starts them, with its Redis.
fn nodes() -> Nodes {
    let lines = guide("redis.conf");
    let is_set = |line: &&str| {
        !line.is_empty() && !["#", "bind ", "port "].iter().any(|start| line.starts_with(start))
    };
    let lines: Vec<_> = lines.lines().filter(is_set).map(|line| format!("--{line}")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let args = ["--mode", "shared", "--trusted-proxy", "127.0.0.1", "--drain", "1000"];
    Nodes::on(RedisServer::start(&lines), &args)
}

fn guide(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/nodes");
    fs::read_to_string(docs.join(name)).unwrap()
}

fn with_ports(config: &str, front: SocketAddr, servers: &[(Server, SocketAddr); 3]) -> String {
    let mut config = config.replace("8080", &front.port().to_string());
    for (number, (server, admin)) in (1..).zip(servers) {
        let (port, admin) = (server.port(), admin.port());
        config = config.replace(&format!(":888{number}"), &format!(":{port}"));
        config = config.replace(&format!("port 889{number}"), &format!("port {admin}"));
    }
    config
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn until_served(front: SocketAddr) {
    let start = Instant::now();
    while TcpStream::connect(front).is_err() {
        assert!(start.elapsed() < HANG, "the proxy does not listen");
        thread::yield_now();
    }
}

/// A client that listens.
fn client(front: SocketAddr) -> Process {
    let port = front.port().to_string();
    let args = ["-P", &port, "-o", "json", "--all", "--retry-status", "--until", "end", "42"];
    let client = Process::start(CLIENT, args);
    while !client.line().contains("sse.open") {}
    client
}

/// The data of an event of a channel, as the client prints it.
fn data(line: &str) -> Option<&str> {
    line.strip_prefix(r#"{"type":"ping","data":""#)?.split('"').next()
}

fn publish(front: SocketAddr, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        post(front, &number.to_string());
    }
}

/// Publishes as a publisher should: with a key, again and again until it is answered.
fn post(front: SocketAddr, data: &str) {
    let start = Instant::now();
    let once = || Poster::new(front).post_with("/ping/42", ("idempotency-key", data), data);
    let mut answer: Response = once();
    while [502, 503, 504].contains(&answer.status()) && start.elapsed() < HANG {
        answer = once();
    }
    assert_eq!(answer.status(), 200, "{answer:?}");
}
