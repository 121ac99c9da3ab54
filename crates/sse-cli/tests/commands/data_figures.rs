//! What an operator sees of histories on disk, and what becomes of a disk that is full or loses something.

use std::{
    fs::{self, OpenOptions},
    net::SocketAddr,
    os::unix::fs::FileExt,
    thread,
    time::{Duration, Instant},
};

use sse_core::{Event, Token, wire::Frame};
use sse_redb::{Append, Store, StoreConfig};

use crate::{
    admin::until,
    support::{Folder, HANG, Listener, Live, Poster, Server, exchange},
};

#[test]
fn the_figures_say_what_is_on_disk_and_what_was_done_for_it() {
    let folder = Folder::new();
    let (server, admin) = start(&folder, &["--history", "3"]);
    for n in 0..5 {
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", &n.to_string()).status(), 200);
    }

    let figures = until(admin, &[("eventsource_store_stored_events_total", 5.0)]);

    for (name, value) in [
        ("eventsource_store_channels", 1.0),
        ("eventsource_store_queue_events", 0.0),
        ("eventsource_store_queue_bytes", 0.0),
        ("eventsource_store_lost_events_total", 0.0),
        ("eventsource_store_damaged_records_total", 0.0),
        ("eventsource_store_trouble{kind=\"full\"}", 0.0),
        ("eventsource_store_trouble{kind=\"failed\"}", 0.0),
        ("eventsource_store_trouble{kind=\"damaged\"}", 0.0),
        (
            "eventsource_store_commit_seconds_bucket{le=\"+Inf\"}",
            figures["eventsource_store_commit_seconds_count"],
        ),
    ] {
        assert_eq!(figures[name], value, "{name}");
    }
    assert!(5.0 <= figures["eventsource_store_commit_seconds_count"]);
    assert!(0.0 < figures["eventsource_store_commit_seconds_sum"]);
    assert!((3.0..=4.0).contains(&figures["eventsource_store_events"]), "one more may be proof");
    assert!(5.0 * 20.0 < figures["eventsource_store_stored_bytes_total"]);
    assert!(0.0 < figures["eventsource_store_index_bytes"]);
    let len = fs::metadata(folder.path("data/history.redb")).unwrap().len();
    assert_eq!(figures["eventsource_store_file_bytes"], len as f64);

    let disk = Live::open(admin, "/live").next("overview")["disk"].take();
    assert_eq!((&disk["channels"], &disk["stored"]), (&1.into(), &5.into()), "{disk}");
    assert!(disk["trouble"].is_null() && disk["file_bytes"] == len, "{disk}");
    server.signal(rustix::process::Signal::USR1);
    let line = server.log_line("held on disk");
    assert!(line.contains(" channels=1 ") && line.contains(" stored=5 "), "{line}");

    let (_server, admin) = with_admin(&[]);
    assert!(!exchange(admin, "GET", "/metrics", "").text().contains("eventsource_store"));
    assert!(Live::open(admin, "/live").next("overview")["disk"].is_null());
}

#[test]
fn a_full_disk_refuses_publications_and_disturbs_nobody_until_it_has_room_again() {
    let folder = Folder::new();
    let age = ["--history-age", "1500", "--max-data-bytes", "1048576", "--history", "1000"];
    let (server, admin) = start(&folder, &age);
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let body = "x".repeat(50_000);
    let mut poster = Poster::new(server.addr());

    let (stored, refused) = publish_until_refused(&mut poster, &body);

    assert_eq!(refused.status(), 503, "{refused:?}");
    assert!(refused.head.field("retry-after").is_some(), "{refused:?}");
    assert!(refused.text().contains("is full"), "{refused:?}");
    assert!(!refused.text().contains(&folder.path("")), "{refused:?}");
    server.log_line("nothing is stored: the disk is full");
    let ready = exchange(admin, "GET", "/readyz", "");
    assert_eq!(ready.status(), 503);
    assert!(ready.text().starts_with("not ready: the disk is full, or "), "{ready:?}");
    assert!(ready.text().contains("(--max-data-bytes)"), "{ready:?}");
    for _ in 0..stored {
        assert!(listener.block().starts_with("event: ping\ndata: xxx"));
    }

    let begun = Instant::now();
    while poster.exchange("POST", "/ping/42", "again").status() != 200 {
        assert!(begun.elapsed() < HANG, "it never has room again");
        thread::sleep(Duration::from_millis(50));
    }
    assert!(listener.block().starts_with("event: ping\ndata: again\n"), "and nothing refused");
    server.log_line("histories are stored again");
    assert_eq!(exchange(admin, "GET", "/readyz", "").status(), 200);
}

#[test]
fn what_is_damaged_while_it_is_served_is_a_gap_and_is_said_everywhere() {
    let folder = Folder::new();
    let dir = folder.path("data");
    let store = Store::open(StoreConfig::new(&dir).with_max_bytes(u64::MAX)).unwrap();
    // More than is held of the file in memory.
    for n in 0..200 {
        let data = format!("data {n} {}", "x".repeat(100_000));
        let append = Append::new(Token::new("42").unwrap());
        store.append(append.with_frame(Frame::from(Event::data(data))), |_| {}).unwrap();
    }
    drop(store);
    let (server, admin) = start(&folder, &["--history", "1000", "--history-bytes", "1000000000"]);
    damage(&format!("{dir}/history.redb"), "data 7 x");

    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");

    let mut numbers = Vec::new();
    for _ in 0..10 {
        let block = listener.block();
        match block.split_once("data: data ") {
            Some((_, rest)) => numbers.push(rest.split(' ').next().unwrap().to_owned()),
            None => {
                assert!(block.starts_with("event: sse.gap\n"), "{}", &block[..40]);
                numbers.push("gap".to_owned());
            }
        }
    }
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "gap", "8", "9"]);
    server.log_line("events cannot be read from disk");
    let ready = exchange(admin, "GET", "/readyz", "");
    assert_eq!(ready.status(), 503);
    assert!(
        ready.text().starts_with("not ready: 1 of the history's records cannot be read"),
        "{ready:?}"
    );
    until(
        admin,
        &[
            ("eventsource_store_damaged_records_total", 1.0),
            ("eventsource_store_trouble{kind=\"damaged\"}", 1.0),
        ],
    );
}

/// Publishes until something is refused; how much was not, and the refusal.
fn publish_until_refused(poster: &mut Poster, body: &str) -> (usize, sse_testkit::Response) {
    for stored in 0..1_000 {
        let answer = poster.exchange("POST", "/ping/42", body);
        if answer.status() != 200 {
            return (stored, answer);
        }
    }
    panic!("the file grows without bounds");
}

/// Turns bits of what is stored as `data`.
fn damage(file: &str, data: &str) {
    let bytes = fs::read(file).unwrap();
    let at = bytes.windows(data.len()).position(|window| window == data.as_bytes()).unwrap();
    let file = OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(b"DATA", at as u64).unwrap();
}

fn start(folder: &Folder, args: &[&str]) -> (Server, SocketAddr) {
    with_admin(&[&["--data-dir", &folder.path("data"), "--mode", "shared"], args].concat())
}

fn with_admin(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}
