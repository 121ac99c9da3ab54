use std::{net::SocketAddr, path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

use super::figures::Figures;
use crate::{
    Outcome,
    http::{Connection, Listen, Stream, Version},
    ports,
    server::Server,
};

/// What was done to a server, which runs still.
pub(super) struct Load {
    pub(super) name: &'static str,
    pub(super) expected: Figures,
    server: Server,
    admin: SocketAddr,
    /// Those who listen still.
    listeners: Vec<Stream>,
}

impl Load {
    async fn start(name: &'static str, program: &Path, args: &[&str]) -> Outcome<Self> {
        let port = ports::free();
        let number = port.to_string();
        let server = Server::start(program, &[args, &["--admin", &number]].concat()).await?;
        let admin = ([127, 0, 0, 1], port).into();
        Ok(Self { name, expected: Figures::new(), server, admin, listeners: Vec::new() })
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }

    fn expect(&mut self, figures: impl IntoIterator<Item = (&'static str, u64)>) {
        for (name, value) in figures {
            *self.expected.entry(format!("eventsource_{name}")).or_default() += value as f64;
        }
    }

    async fn listen(&self, token: &str, last_event_id: &str) -> Outcome<Stream> {
        let mut listen = Listen::new(self.server.addr(), Version::Http1, token);
        listen.last_event_id = last_event_id.to_owned();
        listen.open(PATIENCE).await
    }

    /// Sends a request `times` times, each of which has to be answered with `status`.
    async fn send(&self, times: u64, request: &Asked<'_>, status: u16) -> Outcome {
        for _ in 0..times {
            let found = request.send(self.server.addr()).await?.status().as_u16();
            if found != status {
                return Err(format!("{} is answered {found}", request.path).into());
            }
        }
        Ok(())
    }
}

/// A request of a publisher.
struct Asked<'a> {
    method: Method,
    path: &'a str,
    field: (&'a str, &'a str),
    body: String,
}

impl<'a> Asked<'a> {
    fn new(path: &'a str, body: impl Into<String>) -> Self {
        Self { method: Method::POST, path, field: ("x-plain", "1"), body: body.into() }
    }

    fn get(path: &'a str) -> Self {
        Self { method: Method::GET, ..Self::new(path, "") }
    }

    fn with_field(self, name: &'a str, value: &'a str) -> Self {
        Self { field: (name, value), ..self }
    }

    async fn send(&self, addr: SocketAddr) -> Outcome<hyper::Response<hyper::body::Incoming>> {
        let (name, value) = self.field;
        let mut request = Request::builder().method(&self.method).uri(self.path);
        if name != "host" {
            request = request.header("host", addr.to_string());
        }
        let request = request.header(name, value).body(Full::<Bytes>::from(self.body.clone()))?;
        Connection::open(addr, Version::Http1).await?.send(request).await
    }
}

/// Crowds that get what is published, crowds that get comments, and requests beyond limits.
pub(super) async fn crowds(program: &Path, bench: &Path) -> Outcome<Load> {
    let limits = ["--max-body", "1000", "--max-listeners-per-channel", "20"];
    let args = [&["--mode", "shared", "-k", "200"], &limits[..]].concat();
    let mut load = Load::start("crowds", program, &args).await?;
    // It is one of the crowd, and tells how long the events are.
    let mut witness = load.listen("0", "").await?;
    let busy = run(&load, bench, &["-l", "40", "-c", "4", "-n", "400", "-f", "8"]).await?;
    let (len, longest) = lens(&mut witness, 100).await?;
    let idle = run(&load, bench, &["-l", "10", "-c", "10", "--silent", "-d", "1000"]).await?;
    if busy.delivered != 4_000 || busy.comments + idle.comments < 10 || len != longest {
        return Err(
            format!("the crowds are not what they were meant to be: {busy:?} {idle:?}").into()
        );
    }
    drop(witness);
    load.expect([
        ("published_events_total", 400),
        ("delivered_events_total", 4_100),
        ("write_events_sum", 4_100),
        ("delivered_bytes_total", 4_100 * written(FRAME + len)),
        ("closed_streams_total{reason=\"left\"}", 51),
    ]);
    let mut listeners = Vec::new();
    for _ in 0..20 {
        listeners.push(load.listen("full", "").await?);
    }
    load.send(30, &Asked::new("/ping/full", "x".repeat(50)), 200).await?;
    load.expect([
        ("published_events_total", 30),
        ("delivered_events_total", 600),
        ("write_events_sum", 600),
        ("delivered_bytes_total", 600 * written(FRAME + 50)),
    ]);
    for _ in 0..7 {
        load.send(1, &Asked::new("/ping/ended", ""), 404).await?;
        let _ends = load.listen("ended", "").await?;
        load.send(1, &Asked::new("/close/ended", ""), 200).await?;
    }
    load.send(3, &Asked::get("/poll/full"), 503).await?;
    load.send(2, &Asked::new("/ping/full", "x".repeat(1_001)), 413).await?;
    load.send(4, &Asked::new("/other/full", ""), 404).await?;
    load.send(5, &Asked::get("/poll/full").with_field("host", "evil.example"), 403).await?;
    load.send(6, &Asked { method: Method::PUT, ..Asked::new("/ping/full", "") }, 405).await?;
    load.send(8, &Asked::new("/ping/full", "").with_field("content-encoding", "gzip"), 415).await?;
    load.send(9, &Asked::get("/no-token"), 400).await?;
    load.expect([
        ("closed_streams_total{reason=\"finished\"}", 7),
        ("limited_total{limit=\"channel_listeners\"}", 3),
        ("limited_total{limit=\"body_bytes\"}", 2),
        ("refused_requests_total{status=\"400\"}", 9),
        ("refused_requests_total{status=\"403\"}", 5),
        ("refused_requests_total{status=\"404\"}", 11),
        ("refused_requests_total{status=\"405\"}", 6),
        ("refused_requests_total{status=\"413\"}", 2),
        ("refused_requests_total{status=\"415\"}", 8),
        ("refused_requests_total{status=\"503\"}", 3),
        ("channels", 1),
        ("listeners", 20),
        ("leaving_listeners", 0),
        ("unread_bytes", 0),
        ("history_bytes", 0),
        ("connections", 20),
    ]);
    load.listeners = listeners;
    Ok(load)
}

/// Listeners who come back with IDs, some of them too late.
pub(super) async fn history(program: &Path) -> Outcome<Load> {
    let args = ["--mode", "shared", "--history", "20"];
    let mut load = Load::start("history", program, &args).await?;
    let publish = Asked::new("/ping/42", "x".repeat(10));
    let first = id(&publish, load.server.addr()).await?;
    load.send(28, &publish, 200).await?;
    let last = id(&publish, load.server.addr()).await?;
    let (_, epoch) = last.split_once('.').ok_or("an ID has an epoch")?;
    let beyond = format!("1000.{epoch}");
    for (last_event_id, times) in [(&*first, 2), (&beyond, 3), ("made-up", 4), (&last, 5)] {
        for _ in 0..times {
            let mut stream = load.listen("42", last_event_id).await?;
            if last_event_id != last {
                lens(&mut stream, 20).await?;
            }
        }
    }
    load.expect([
        ("published_events_total", 30),
        ("delivered_events_total", 9 * 20),
        ("write_events_sum", 9 * 20),
        ("delivered_bytes_total", 9 * 20 * written(FRAME + 10 + ID + last.len() as u64)),
        ("gaps_total{reason=\"trimmed\"}", 2),
        ("gaps_total{reason=\"diverged\"}", 3),
        ("gaps_total{reason=\"unknown\"}", 4),
        ("closed_streams_total{reason=\"left\"}", 14),
        ("channels", 1),
        ("listeners", 0),
        ("connections", 0),
    ]);
    Ok(load)
}

/// Those who may not do what they ask for.
pub(super) async fn strangers(program: &Path) -> Outcome<Load> {
    let mut load = Load::start("strangers", program, &["--anonymous-listen", "news"]).await?;
    let news = load.listen("news", "").await?;
    load.send(2, &Asked::get("/poll/news"), 423).await?;
    load.send(3, &Asked::get("/poll/other"), 401).await?;
    load.send(4, &Asked::new("/ping/news", ""), 401).await?;
    let made_up = ("authorization", "Bearer made-up");
    load.send(5, &Asked::get("/poll/news").with_field(made_up.0, made_up.1), 401).await?;
    load.expect([
        ("refused_requests_total{status=\"401\"}", 12),
        ("refused_requests_total{status=\"423\"}", 2),
        ("refused_grants_total{reason=\"missing\"}", 7),
        ("refused_grants_total{reason=\"invalid\"}", 5),
        ("published_events_total", 0),
        ("listeners", 1),
        ("connections", 1),
    ]);
    load.listeners.push(news);
    Ok(load)
}

/// What `eventsource-bench` says it has done.
#[derive(Debug, Deserialize)]
struct Report {
    delivered: u64,
    comments: u64,
}

async fn run(load: &Load, bench: &Path, args: &[&str]) -> Outcome<Report> {
    let home = TempDir::new()?;
    let url = |action| format!("http://{}/{action}/{{channel}}", load.server.addr());
    let mut command = Command::new(bench);
    command.args(["--json", "--listen", &url("poll"), "--publish", &url("ping")]).args(args);
    let output = command.current_dir(home.path()).kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err(format!("the crowd failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The lengths of the data of the shortest and the longest of so many events.
async fn lens(stream: &mut Stream, events: usize) -> Outcome<(u64, u64)> {
    let (mut least, mut most) = (u64::MAX, 0);
    for _ in 0..events {
        let len = stream.ping(PATIENCE).await?.len() as u64;
        (least, most) = (least.min(len), most.max(len));
    }
    Ok((least, most))
}

/// The ID that what is published gets.
async fn id(publish: &Asked<'_>, addr: SocketAddr) -> Outcome<String> {
    let answer = publish.send(addr).await?;
    let id = answer.headers().get("sse-id").ok_or("a publication has an ID")?;
    Ok(id.to_str()?.to_owned())
}

/// The bytes of an event of so many that are written over HTTP/1.1, each as a chunk.
fn written(len: u64) -> u64 {
    format!("{len:x}\r\n\r\n").len() as u64 + len
}

/// The bytes of an event beside its data.
const FRAME: u64 = "event: ping\ndata: \n\n".len() as u64;

/// Those beside its ID.
const ID: u64 = "id: \n".len() as u64;

const PATIENCE: Duration = Duration::from_secs(20);
