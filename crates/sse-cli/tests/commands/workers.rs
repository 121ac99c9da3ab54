//! How many threads serve.

use std::{
    fs,
    net::SocketAddr,
    thread::{self, sleep},
    time::Duration,
};

use crate::support::{Process, SERVER, exchange};

#[test]
fn as_many_threads_serve_as_there_are_workers() {
    for workers in [1, 2, 5] {
        let server = Process::start(SERVER, ["-P", "0", "--workers", &workers.to_string()]);

        assert_eq!(exchange(ready(&server), "GET", "/", "").status(), 200);
        expect_threads(&server, workers);
    }
}

#[test]
fn as_many_threads_serve_by_default_as_there_are_processors() {
    let server = Process::start(SERVER, ["-P", "0"]);

    ready(&server);
    expect_threads(&server, thread::available_parallelism().unwrap().get());
}

fn ready(server: &Process) -> SocketAddr {
    let line = server.line();
    line.strip_prefix("listening on http://").unwrap().parse().unwrap()
}

/// A thread has its name a moment after it begins to run.
fn expect_threads(server: &Process, expected: usize) {
    for _ in 0..100 {
        if named(server) == expected {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    assert_eq!(named(server), expected);
}

/// How many threads bear the name that tokio gives to its workers.
fn named(server: &Process) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid().as_raw_nonzero())).unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("tokio-r")).count()
}
