//! The limit of open files: raised at the start, and survived where it is reached.

use std::{
    net::{SocketAddr, TcpStream},
    process::Command,
};

use crate::support::{Listener, Process, SERVER, exchange};

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let server = limited("ulimit -S -n 32");
    let addr = ready(&server);

    let listeners: Vec<_> =
        (0..100).map(|token| Listener::open(addr, &format!("/poll/{token}"))).collect();

    for listener in &listeners {
        assert_eq!(listener.head().status, 200);
    }
}

#[test]
fn a_server_without_files_left_waits_until_there_are_some() {
    let server = limited("ulimit -n 32");
    let addr = ready(&server);

    let connections: Vec<_> = (0..50).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let line = server.log_line("WARN");
    drop(connections);

    assert!(line.contains("accept"), "{line}");
    assert_eq!(exchange(addr, "GET", "/", "").status(), 200);
}

/// A server that a shell starts after `limit`.
fn limited(limit: &str) -> Process {
    let script = format!("{limit}; exec '{SERVER}' -P 0");
    Process::spawn(Command::new("sh").args(["-c", &script]))
}

fn ready(server: &Process) -> SocketAddr {
    let line = server.line();
    line.strip_prefix("listening on http://").unwrap().parse().unwrap()
}
