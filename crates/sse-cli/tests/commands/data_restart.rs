//! What is on disk outlives the server: nobody who comes back to the next one misses anything.

use std::{fs, thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::support::{Folder, Listener, Poster, Server, exchange};

#[test]
fn a_listener_that_comes_back_after_a_restart_goes_on_without_a_gap() {
    for (durability, end) in
        [("strict", Signal::KILL), ("strict", Signal::TERM), ("relaxed:60000", Signal::TERM)]
    {
        let data = Data::new(&["--durability", durability]);
        let server = data.start(&[]);
        let mut listener = Listener::open(server.addr(), "/poll/42");
        for n in 1..=3 {
            publish(&server, "42", &n.to_string());
        }
        let seen = [(); 2].map(|()| listener.block());
        assert!(seen[1].starts_with("event: ping\ndata: 2\nid: 2."), "{seen:?}");
        let (_, last) = seen[1].split_once("id: ").unwrap();

        stop(server, end);
        let server = data.start(&[]);
        publish(&server, "42", "4");
        let mut again = Listener::open_with(server.addr(), "/poll/42", &[("last-event-id", last)]);

        let case = format!("{durability} {end:?}");
        assert_eq!(again.head().field("sse-resume"), Some("ok"), "{case}");
        assert!(again.block().contains("data: {\"resume\":\"ok\"}"), "{case}");
        assert!(again.block().starts_with("event: ping\ndata: 3\nid: 3."), "{case}");
        assert!(again.block().starts_with("event: ping\ndata: 4\nid: 4."), "{case}");
    }
}

#[test]
fn all_that_was_acknowledged_is_there_after_a_clean_end_also_where_it_was_not_waited_for() {
    let data = Data::new(&["--durability", "relaxed:60000"]);
    let server = data.start(&[]);
    let mut poster = Poster::new(server.addr());
    for n in 0..200 {
        let answer = poster.exchange("POST", &format!("/ping/{}", n % 7), "x");
        assert_eq!(answer.status(), 200, "{answer:?}");
    }

    server.signal(Signal::TERM);
    server.log_line("history closed");
    assert_eq!(server.into_process().wait().code, Some(0));

    let server = data.start(&[]);
    let line = server.log_line("history opened");
    assert!(line.contains(" channels=7 events=200 "), "{line}");
}

#[test]
fn a_silent_channel_is_known_to_have_been_silent() {
    let data = Data::new(&[]);
    let server = data.start(&[]);
    let first = Listener::open_whole(server.addr(), "/poll/42").block();
    let (_, position) = first.split_once("id: ").unwrap();
    assert!(position.starts_with("0."), "{first}");

    stop(server, Signal::KILL);
    let server = data.start(&[]);
    let fields = [("last-event-id", position)];
    let again = Listener::open_with(server.addr(), "/poll/42", &fields);

    assert_eq!(again.head().field("sse-resume"), Some("ok"));
}

#[test]
fn an_idempotency_key_is_known_after_a_restart() {
    let data = Data::new(&[]);
    let server = data.start(&[]);
    let post = |server: &Server, body: &str| {
        Poster::new(server.addr()).post_with("/ping/42", ("idempotency-key", "order-1"), body)
    };
    let first = post(&server, "21.5");
    assert_eq!((first.status(), first.head.field("sse-duplicate")), (200, None));

    stop(server, Signal::KILL);
    let server = data.start(&[]);
    let again = post(&server, "21.5");
    let other = post(&server, "22.0");

    assert_eq!((again.status(), again.head.field("sse-duplicate")), (200, Some("true")));
    assert_eq!(again.head.field("sse-id"), first.head.field("sse-id"));
    assert_eq!(other.status(), 422);
}

#[test]
fn the_reconnection_time_of_a_channel_is_known_after_a_restart() {
    let data = Data::new(&["--action", "retry"]);
    let server = data.start(&[]);
    assert_eq!(exchange(server.addr(), "POST", "/retry/42", "54321").status(), 200);

    stop(server, Signal::KILL);
    let server = data.start(&[]);

    let first = Listener::open_whole(server.addr(), "/poll/42").block();
    assert!(first.contains("retry: 54321"), "{first}");
}

#[test]
fn a_channel_that_is_closed_stays_so_over_a_restart_until_its_time_is_over() {
    for (ttl, is_closed) in [("60000", true), ("0", false)] {
        let data = Data::new(&["--closed-ttl", ttl]);
        let server = data.start(&[]);
        publish(&server, "42", "1");
        assert_eq!(exchange(server.addr(), "POST", "/close/42", "").status(), 200);

        stop(server, Signal::KILL);
        let server = data.start(&[]);

        let again = Listener::open_with(server.addr(), "/poll/42?since=earliest", &[]);
        assert_eq!(again.head().status, if is_closed { 204 } else { 200 }, "{ttl}");
        let posted = exchange(server.addr(), "POST", "/ping/42", "2").status();
        assert_eq!(posted, if is_closed { 404 } else { 200 }, "{ttl}");
        if !is_closed {
            let mut again = again;
            assert!(again.block().contains("\"resume\":\"fresh\""));
            let block = again.block();
            assert!(block.starts_with("event: ping\ndata: 2\n"), "nothing is left: {block}");
        }
    }
}

#[test]
fn a_channel_that_is_silent_for_long_is_known_as_long_as_somebody_listens() {
    let data = Data::new(&["--mode", "shared"]);
    let server = data.start(&["--history-age", "300"]);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    publish(&server, "42", "1");
    listener.block();
    sleep(Duration::from_millis(2_000));

    let answer = exchange(server.addr(), "POST", "/ping/42", "2");

    assert_eq!(answer.head.field("sse-listeners"), Some("1"));
    let block = listener.block();
    assert!(block.starts_with("event: ping\ndata: 2\nid: 2."), "{block}");
}

#[test]
fn a_channel_that_is_on_disk_alone_is_ended_by_the_operator() {
    let data = Data::new(&["--admin", "0"]);
    let server = data.start(&[]);
    publish(&server, "42", "1");
    stop(server, Signal::TERM);
    let server = data.start(&[]);
    let line = server.line();
    let admin = line.strip_prefix("admin on http://").unwrap().parse().unwrap();

    let ended = exchange(admin, "POST", "/channels/42/end", "");
    let again = exchange(admin, "POST", "/channels/42/end", "");

    assert_eq!((ended.status(), ended.text()), (200, "{\"ended\":0}"));
    assert_eq!(again.status(), 404, "it is gone");
    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");
    publish(&server, "42", "2");
    assert!(listener.block().starts_with("event: ping\ndata: 2\n"));
}

#[test]
fn limits_of_the_next_server_hold_for_what_is_there() {
    let data = Data::new(&[]);
    let server = data.start(&[]);
    for n in 1..=5 {
        publish(&server, "42", &n.to_string());
    }
    stop(server, Signal::TERM);

    let server = data.start(&["--history", "2"]);

    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");
    for n in 4..=5 {
        assert!(listener.block().starts_with(&format!("event: ping\ndata: {n}\n")));
    }
}

#[test]
fn what_memory_does_not_hold_is_read_from_disk() {
    let data = Data::new(&["--history-memory", "1048576", "--history-bytes", "100000000"]);
    let server = data.start(&[]);
    let body = "x".repeat(100_000);
    let mut poster = Poster::new(server.addr());
    for n in 0..40 {
        let answer = poster.exchange("POST", "/ping/42", &format!("{n} {body}"));
        assert_eq!(answer.status(), 200, "{answer:?}");
    }

    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");

    for n in 0..40 {
        let block = listener.block();
        assert!(block.starts_with(&format!("event: ping\ndata: {n} x")), "{}", &block[..40]);
    }
}

#[test]
fn a_change_of_it_is_said_to_need_a_restart() {
    let folder = Folder::new();
    let config = |text: &str| {
        folder.write("server.toml", format!("history = 9\n[data]\ndata-dir = \"data\"\n{text}"))
    };
    let server = Server::start(&["--config", &config("")]);
    assert!(fs::metadata(folder.path("data/history.redb")).is_ok(), "it is beside the file");

    config("durability = \"relaxed:50\"\nhistory-memory = 2097152\n");
    server.reload();

    let said = server.log_line("this takes effect after a restart: ");
    for text in
        ["--durability (\"strict\" -> \"relaxed:50\")", "--history-memory (", " -> 2097152)"]
    {
        assert!(said.contains(text), "{said}");
    }
    folder.write("server.toml", "history = 0\n[data]\ndata-dir = \"data\"\n");
    let said = server.refuse_reload();
    assert!(said.contains("--data-dir needs --history"), "{said}");
}

/// A directory for servers one after the other, and how they use it.
struct Data {
    folder: Folder,
    args: Vec<String>,
}

impl Data {
    fn new(args: &[&str]) -> Self {
        Self { folder: Folder::new(), args: args.iter().map(ToString::to_string).collect() }
    }

    /// Starts the next one, with more arguments.
    fn start(&self, args: &[&str]) -> Server {
        let dir = self.folder.path("data");
        let mut all = vec!["--data-dir", &dir];
        all.extend(self.args.iter().map(String::as_str));
        if !args.contains(&"--history") {
            all.extend(["--history", "1000"]);
        }
        all.extend(args);
        Server::start(&all)
    }
}

/// Ends a server, and waits for that.
fn stop(server: Server, signal: Signal) {
    server.signal(signal);
    let ended = server.into_process().wait();
    assert_eq!(ended.code, (signal == Signal::TERM).then_some(0), "{ended:?}");
}

fn publish(server: &Server, channel: &str, data: &str) {
    let answer = exchange(server.addr(), "POST", &format!("/ping/{channel}"), data);
    assert_eq!(answer.status(), 200, "{answer:?}");
}
