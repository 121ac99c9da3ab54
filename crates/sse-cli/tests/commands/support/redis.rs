use std::{net::SocketAddr, process::Command};

use rustix::process::Signal;
use sse_testkit::cluster::RedisServer;

use super::{Listener, Poster, Process, SERVER, Server};

/// A Redis for servers of a test, and how these use it.
pub(crate) struct Nodes {
    pub(crate) redis: RedisServer,
    args: Vec<String>,
}

impl Nodes {
    pub(crate) fn new(args: &[&str]) -> Self {
        Self::on(RedisServer::start(&["--appendonly yes", "--appendfsync always"]), args)
    }

    pub(crate) fn on(redis: RedisServer, args: &[&str]) -> Self {
        Self { redis, args: args.iter().map(ToString::to_string).collect() }
    }

    /// What starts another one, with more arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_at(&self.redis.url(), args)
    }

    /// The same over another way to the Redis.
    pub(crate) fn command_at(&self, url: &str, args: &[&str]) -> Command {
        let mut command = Command::new(SERVER);
        command.args(["-P", "0", "--redis", url]);
        let all = self.args.iter().map(String::as_str).chain(args.iter().copied());
        if !all.clone().any(|arg| arg == "--history") {
            command.args(["--history", "1000"]);
        }
        command.args(all);
        command
    }

    /// Starts another one, once it serves.
    pub(crate) fn start(&self, args: &[&str]) -> Server {
        Server::spawn(&mut self.command(args))
    }

    /// The same with its address for the operator.
    pub(crate) fn start_with_admin(&self, args: &[&str]) -> (Server, SocketAddr) {
        let server = self.start(&[args, &["--admin", "0"]].concat());
        let line = server.line();
        let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();
        (server, admin)
    }

    /// Starts another one, which may not serve.
    pub(crate) fn spawn(&self, args: &[&str]) -> Process {
        Process::spawn(&mut self.command(args))
    }
}

/// Publishes, and returns the ID of the event and how many listen at all servers.
pub(crate) fn publish(server: &Server, channel: &str, data: &str) -> (String, String) {
    let path = format!("/ping/{channel}");
    let answer = Poster::new(server.addr()).exchange("POST", &path, data);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let field = |name: &str| answer.head.field(name).unwrap().to_owned();
    (field("sse-id"), field("sse-listeners"))
}

/// What the next event of a listener has as data, and its ID.
pub(crate) fn heard(listener: &mut Listener) -> (String, String) {
    let block = listener.block();
    let (data, id) = block
        .strip_prefix("event: ping\ndata: ")
        .and_then(|rest| rest.split_once("\nid: "))
        .unwrap_or_else(|| panic!("no event: {block}"));
    (data.to_owned(), id.to_owned())
}

/// Ends a server, and waits for that.
pub(crate) fn stop(server: Server, signal: Signal) {
    server.signal(signal);
    let ended = server.into_process().wait();
    assert_eq!(ended.code, (signal == Signal::TERM).then_some(0), "{ended:?}");
}
