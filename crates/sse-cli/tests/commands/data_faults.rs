//! A disk that fails below the server: strace answers some of its calls in the place of the system.

use std::{process::Command, thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::support::{Folder, Listener, Poster, SERVER, Server};

#[test]
fn a_disk_that_fails_ends_the_server_and_nothing_that_was_acknowledged_is_lost() {
    for (calls, reason) in [
        ("fsync,fdatasync", "the disk failed to sync the history: "),
        ("pwrite64", "the disk failed to write the history: "),
    ] {
        let folder = Folder::new();
        let server = start_failing(&folder, calls, "error=EIO:when=40+");
        let mut listener = Listener::open(server.addr(), "/poll/42");
        let mut poster = Poster::new(server.addr());
        let mut acknowledged = Vec::new();

        let answer = loop {
            let text = acknowledged.len().to_string();
            let answer = poster.exchange("POST", "/ping/42", &text);
            if answer.status() != 200 {
                break answer;
            }
            acknowledged.push(text);
        };

        assert_eq!(answer.status(), 503, "{calls}: {answer:?}");
        assert!(
            answer.text().contains("not known whether this was published"),
            "{calls}: {answer:?}"
        );
        for text in &acknowledged {
            assert!(listener.block().contains(&format!("data: {text}\n")), "{calls}");
        }
        listener.expect_end();
        let line = server.log_line("the server ends");
        assert!(line.contains(reason) && line.contains("nput/output error"), "{line}");
        assert_eq!(server.into_process().wait().code, Some(1), "{calls}");

        let kept = kept(&folder);
        assert_eq!(kept[..acknowledged.len()], acknowledged, "{calls}");
        assert!(kept.len() <= acknowledged.len() + 1, "{calls}: {kept:?}");
    }
}

#[test]
fn a_full_disk_refuses_with_a_reason_until_there_is_room() {
    let folder = Folder::new();
    let server = start_failing(&folder, "pwrite64", "error=ENOSPC:when=40..41");
    let mut poster = Poster::new(server.addr());
    let mut acknowledged = Vec::new();
    let mut post = |number: i32| {
        let answer = poster.exchange("POST", "/ping/42", &number.to_string());
        match answer.status() {
            200 => acknowledged.push(number.to_string()),
            503 => {
                assert!(answer.text().contains("disk is full"), "{answer:?}");
                assert!(answer.head.field("retry-after").is_some(), "{answer:?}");
                sleep(Duration::from_millis(50));
            }
            _ => panic!("{answer:?}"),
        }
        answer.status()
    };

    let mut numbers = 0..;
    assert!(numbers.any(|number| post(number) == 503));
    assert!(numbers.any(|number| post(number) == 200));

    server.log_line("nothing is stored: the disk is full");
    server.log_line("histories are stored again");
    server.signal(Signal::KILL);
    server.into_process().wait();
    assert_eq!(kept(&folder), acknowledged);
}

#[test]
fn what_a_disk_that_hangs_may_still_store_is_not_known_and_comes_once() {
    let folder = Folder::new();
    let server = start_failing(&folder, "fdatasync", "delay_enter=7s:when=4");
    let mut listener = Listener::open(server.addr(), "/poll/42");
    let mut poster = Poster::new(server.addr());
    let mut published = Vec::new();

    let answer = loop {
        published.push(published.len().to_string());
        let answer = poster.exchange("POST", "/ping/42", &published[published.len() - 1]);
        if answer.status() != 200 {
            break answer;
        }
    };

    assert_eq!(answer.status(), 503, "{answer:?}");
    assert!(answer.text().contains("not known whether this was published"), "{answer:?}");
    for text in &published {
        assert!(listener.block().contains(&format!("data: {text}\n")), "{text}");
    }
    let answer = poster.exchange("POST", "/ping/42", "later");
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert!(listener.block().contains("data: later\n"));
}

/// A server of whose `calls` each thread's are answered with `fault`.
fn start_failing(folder: &Folder, calls: &str, fault: &str) -> Server {
    let mut command = Command::new("strace");
    // Beside the server, which stays the child of the test.
    command.args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{fault}")]);
    command.args([SERVER, "-P", "0", "--history", "1000", "--data-dir", &folder.path("data")]);
    Server::spawn(&mut command)
}

/// The data of all events that the next server has.
fn kept(folder: &Folder) -> Vec<String> {
    let dir = folder.path("data");
    let server = Server::start(&["--history", "1000", "--data-dir", &dir]);
    let mut listener = Listener::open(server.addr(), "/poll/42?since=earliest");
    let answer = Poster::new(server.addr()).exchange("POST", "/ping/42", "end");
    assert_eq!(answer.status(), 200, "{answer:?}");
    let mut kept = Vec::new();
    loop {
        let block = listener.block();
        let data = block.lines().find_map(|line| line.strip_prefix("data: "));
        match data {
            Some("end") => return kept,
            Some(data) if block.starts_with("event: ping\n") => kept.push(data.to_owned()),
            _ => {}
        }
    }
}
