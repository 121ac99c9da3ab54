//! Limits that are read again: a lower one refuses newcomers alone.

use crate::support::{Folder, Listener, Poster, Server};

#[test]
fn lower_limits_of_listeners_and_channels_refuse_newcomers_and_cut_nobody() {
    for (limit, newcomer) in [
        ("max-listeners = 1", "/poll/a"),
        ("max-listeners-per-channel = 1", "/poll/a"),
        ("max-channels = 1", "/poll/c"),
        ("[limits]\nmax-listeners-per-address = 1", "/poll/a"),
    ] {
        let folder = Folder::new();
        let server = start(&folder, "");
        let mut there = ["/poll/a", "/poll/a", "/poll/b"].map(|path| open(&server, path));
        assert!(there.iter().all(|listener| listener.head().status == 200));

        write(&folder, limit);
        server.reload();

        assert_eq!(open(&server, newcomer).head().status, 503, "{limit}");
        for (path, listeners) in [("/ping/a", 0..2), ("/ping/b", 2..3)] {
            let sent = Poster::new(server.addr()).exchange("POST", path, "still");
            assert_eq!(sent.status(), 200, "{limit}");
            for listener in &mut there[listeners] {
                while !listener.block().ends_with("data: still") {}
            }
        }
        write(&folder, "");
        server.reload();
        assert_eq!(open(&server, newcomer).head().status, 200, "{limit}");
    }
}

#[test]
fn what_is_there_counts_for_a_higher_limit() {
    let folder = Folder::new();
    let server = start(&folder, "[limits]\nmax-listeners-per-address = 2");
    let mut there: Vec<_> = (0..2).map(|_| open(&server, "/poll/a")).collect();
    assert_eq!(open(&server, "/poll/a").head().status, 503);

    write(&folder, "[limits]\nmax-listeners-per-address = 3");
    server.reload();

    there.push(open(&server, "/poll/a"));
    assert_eq!(there[2].head().status, 200);
    assert_eq!(open(&server, "/poll/a").head().status, 503);
}

#[test]
fn rates_and_trusted_proxies_change_too() {
    let folder = Folder::new();
    let server = start(&folder, "");
    let mut poster = Poster::new(server.addr());
    let field = ("x-forwarded-for", "192.0.2.1");
    let mut post = || poster.post_with("/ping/nobody", field, "x").status();
    assert!((0..11).all(|_| post() == 404));

    write(&folder, "[limits]\npublish-rate = 1");
    server.reload();
    let refused = (0..30).find(|_| post() == 429);
    assert!(refused.is_some(), "ten at once, and then one a second");

    folder.write(FILE, "mode = \"shared\"\n[limits]\npublish-rate = 1\n");
    server.reload();
    assert!((0..30).all(|_| post() == 404), "this machine has no limits by itself");
}

#[test]
fn a_batch_may_be_as_long_as_was_read_last() {
    let folder = Folder::new();
    let config = |max_batch: u32| format!("json = true\nmax-batch = {max_batch}\n");
    let server = Server::start(&["--config", &folder.write(FILE, config(3))]);
    let _listener = Listener::open(server.addr(), "/poll/a");
    let mut poster = Poster::new(server.addr());
    let field = ("content-type", "application/x-ndjson");
    let mut post = || poster.post_with("/ping/a", field, "1\n2\n3\n").status();
    assert_eq!(post(), 200);

    folder.write(FILE, config(2));
    server.reload();

    assert_eq!(post(), 413);
}

/// A server for which each listener of a test comes from the same address of another machine.
fn start(folder: &Folder, limits: &str) -> Server {
    Server::start(&["--config", &write(folder, limits)])
}

fn write(folder: &Folder, limits: &str) -> String {
    let (top, table) = limits.split_once("[limits]").unwrap_or((limits, ""));
    let trusted = "trusted-proxy = [\"127.0.0.0/8\"]";
    folder.write(FILE, format!("mode = \"shared\"\n{top}\n[limits]\n{trusted}\n{table}\n"))
}

fn open(server: &Server, path: &str) -> Listener {
    let field = ("x-forwarded-for", "192.0.2.1");
    Listener::open_with(server.addr(), path, &[field])
}

const FILE: &str = "server.toml";
