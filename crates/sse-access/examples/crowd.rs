//! What a crowd of one address takes from the others.
//!
//! It starts a server in a process of its own, publishes 200 events a second from one address to a listener
//! of another one, and then connects 15,000 listeners of a third one. It needs the addresses of 127.0.0.0/8,
//! and 16,000 file descriptors:
//!
//! ```sh
//! cargo run --release -p sse-access --example crowd               # as many as the limits let in
//! cargo run --release -p sse-access --example crowd -- unlimited  # all of them
//! ```

#![expect(clippy::print_stdout, reason = "it is a program")]
#![expect(clippy::unwrap_used, reason = "what fails ends it")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sse_access::limits::Limits;
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, channel::Mode};
use sse_hyper::{EventService, Server};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

const CROWD: usize = 15_000;

#[tokio::main]
async fn main() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let args: Vec<_> = env::args().skip(1).collect();
    let is_limited = !args.iter().any(|arg| arg == "unlimited");
    if args.iter().any(|arg| arg == "serve") {
        return serve(is_limited).await;
    }
    let (mut server, addr) = start(is_limited);
    let mut delays = others(addr);
    sleep(Duration::from_secs(5)).await;
    report("before", &mut delays, &server);

    let (from, cpu) = (Instant::now(), cpu(&server));
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD {
        let stream = connect(2, addr).await;
        crowd.spawn(async move { listen(stream?, addr, "crowd").await });
    }
    let streams: Vec<_> = crowd.join_all().await.into_iter().flatten().collect();
    println!(
        "{} of {CROWD} let in after {:.1} s, in which the server used {:.2} s of CPU",
        streams.len(),
        from.elapsed().as_secs_f64(),
        (self::cpu(&server) - cpu).as_secs_f64(),
    );
    report("while they came", &mut delays, &server);
    sleep(Duration::from_secs(5)).await;
    report("beside them", &mut delays, &server);
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn serve(is_limited: bool) {
    let limits = Limits::new().with_trusted_proxy("127.0.0.0/8".parse().unwrap());
    let limits = match is_limited {
        true => limits,
        false => limits.with_max_connections_per_address(0).with_connection_rate(0),
    };
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    println!("{}", server.local_addr().unwrap());
    let server = server.with_connection_filter(move |peer| limits.connect(peer, Instant::now()));
    let hub = Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared));
    let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));
    server.serve(service).await.unwrap();
}

fn start(is_limited: bool) -> (Child, SocketAddr) {
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["serve"].into_iter().chain((!is_limited).then_some("unlimited")))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let addr = line.trim().parse().unwrap();
    (server, addr)
}

/// How long each event of one address took to a listener of another one.
fn others(addr: SocketAddr) -> mpsc::UnboundedReceiver<Duration> {
    let (delay, delays) = mpsc::unbounded_channel();
    let (start, mut number) = (Instant::now(), 0_u64);
    tokio::spawn(async move {
        let stream = connect(3, addr).await.unwrap();
        let mut lines = AsyncBufReader::new(listen(stream, addr, "others").await.unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let sent = line.strip_prefix("data: ").and_then(|data| data.parse().ok());
                if let Some(sent) = sent.map(Duration::from_micros) {
                    let _over = delay.send(start.elapsed() - sent);
                }
            }
        });
        let mut publisher = connect(4, addr).await.unwrap();
        let mut ticks = interval(Duration::from_millis(5));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            number += 1;
            let data = start.elapsed().as_micros().to_string();
            let head = format!("POST /ping/others HTTP/1.1\r\nhost: {addr}\r\ncontent-length");
            let request = format!("{head}: {}\r\n\r\n{data}", data.len());
            let mut answer = [0; 1024];
            let Ok(()) = publisher.write_all(request.as_bytes()).await else { return };
            let Ok(count @ 1..) = publisher.read(&mut answer).await else { return };
            assert!(answer[..count].starts_with(b"HTTP/1.1 200"), "publication {number}");
        }
    });
    delays
}

async fn connect(from: u8, addr: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, from), 0).into()).unwrap();
    socket.connect(addr).await.ok()
}

/// Listens, unless the connection is closed.
async fn listen(mut stream: TcpStream, addr: SocketAddr, token: &str) -> Option<TcpStream> {
    let request = format!("GET /poll/{token} HTTP/1.1\r\nhost: {addr}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.ok()?;
    (&first == b"HTTP/1.1 200").then_some(stream)
}

fn report(when: &str, delays: &mut mpsc::UnboundedReceiver<Duration>, server: &Child) {
    let mut seen: Vec<_> = std::iter::from_fn(|| delays.try_recv().ok()).collect();
    seen.sort_unstable();
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    println!(
        "{when}: {} events, half within {:?}, 99 of 100 within {:?}; the server holds {}",
        seen.len(),
        seen[seen.len() / 2],
        seen[seen.len() * 99 / 100],
        memory.trim(),
    );
}

/// What the server has used, in ticks of 10 ms.
fn cpu(server: &Child) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_ascii_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().unwrap();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}
