//! What is done with a data directory instead of serving it: `--check`, `--backup`, `--compact`, `--salvage`.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, thread};

use rustix::process::Signal;
use sse_core::{Event, Token, wire::Frame};
use sse_redb::{Append, Store, StoreConfig};

use crate::support::{Ended, Folder, SERVER, Server, exchange, run};

#[test]
fn a_check_prints_what_each_channel_has_and_changes_nothing() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["b", "a\u{202e}c", "b", "b"]);
    let before = fs::read(format!("{dir}/history.redb")).unwrap();

    let ended = run(SERVER, ["--data-dir", &dir, "--check"]);

    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    let [all, first, second] = lines[..] else { panic!("{ended:?}") };
    assert!(all.starts_with("2 channels, 4 events of ") && all.ends_with(", no damage"), "{all}");
    assert!(first.starts_with("a\\u{202e}c: 1 events of "), "{first}");
    let positions = second.strip_prefix("b: 3 events of ").expect("the second channel");
    let (_, positions) = positions.split_once(" bytes, first 1.").expect(second);
    let (epoch, last) = positions.split_once(", last 3.").expect(second);
    assert_eq!(epoch, last, "it had one life");
    assert_eq!(fs::read(format!("{dir}/history.redb")).unwrap(), before);
}

#[test]
fn a_directory_without_a_history_is_refused_and_none_is_made() {
    let folder = Folder::new();
    for task in ["--check", "--compact", "--salvage", "--backup=/nowhere/copy"] {
        let ended = run(SERVER, ["--data-dir", &folder.path("none"), task]);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        let said = format!("there is no history in {}", folder.path("none"));
        assert!(ended.stderr.contains(&said), "{task}: {ended:?}");
    }
    assert!(fs::metadata(folder.path("none")).is_err());
}

#[test]
fn a_backup_is_a_whole_history_with_and_without_a_server() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a", "b", "a"]);
    let expected = check(&dir);
    let copies = ["without", "with"].map(|name| folder.path(name));

    let without = run(SERVER, ["--data-dir", &dir, "--backup", &copies[0]]);
    let server = Server::start(&["--data-dir", &dir, "--history", "100"]);
    let with = run(SERVER, ["--data-dir", &dir, "--backup", &copies[1]]);

    assert_eq!(without.code, Some(0), "{without:?}");
    let said = format!("copied 2 channels with 3 events to {}\n", copies[0]);
    assert_eq!(without.stdout, said);
    assert_eq!((with.code, &*with.stderr), (Some(0), ""), "{with:?}");
    assert!(with.stdout.starts_with("the server has copied "), "{with:?}");
    server.log_line("backed up, as --backup asked for");
    for copy in &copies {
        assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(check(&used(copy)), expected);
    }
    assert!(fs::metadata(format!("{dir}/backup.unfinished")).is_err());
}

#[test]
fn a_directory_whose_name_is_too_long_for_a_socket_is_served_and_backed_up_by_a_post() {
    let folder = Folder::new();
    let dir = folder.path(&"x".repeat(120));
    fill(&dir, &["a"]);
    let expected = check(&dir);
    let (server, admin) = with_admin(&["--data-dir", &dir, "--history", "100"]);

    let refused = run(SERVER, ["--data-dir", &dir, "--backup", &folder.path("copy")]);
    let answer = exchange(admin, "POST", "/backup", "");

    server.log_line("so --backup finds no server; POST /backup on the address of --admin does");
    assert_eq!((refused.code, &*refused.stdout), (Some(1), ""), "{refused:?}");
    let hint = "; POST /backup on the address of its --admin makes one too\n";
    assert!(refused.stderr.ends_with(hint), "{refused:?}");
    assert!(fs::metadata(folder.path("copy")).is_err());
    let copy = folder.write("answer", &answer.body);
    assert_eq!(check(&used(&copy)), expected);
}

#[test]
fn a_backup_does_not_overwrite_anything_and_leaves_nothing_of_one_that_fails() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a"]);
    let there = folder.write("there", "precious");
    for has_server in [false, true] {
        let _server = has_server.then(|| Server::start(&["--data-dir", &dir, "--history", "100"]));

        let again = run(SERVER, ["--data-dir", &dir, "--backup", &there]);
        let nowhere = run(SERVER, ["--data-dir", &dir, "--backup", "/proc/none/copy"]);

        assert_eq!((again.code, &*again.stdout), (Some(1), ""), "{again:?}");
        assert!(again.stderr.contains("is there already; name another file"), "{again:?}");
        assert_eq!(fs::read(&there).unwrap(), b"precious");
        assert_eq!((nowhere.code, &*nowhere.stdout), (Some(1), ""), "{nowhere:?}");
        assert!(nowhere.stderr.contains("/proc/none/copy"), "{nowhere:?}");
    }
}

#[test]
fn the_operator_gets_a_backup_by_a_post() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a", "b", "a"]);
    let expected = check(&dir);
    let (server, admin) = with_admin(&["--data-dir", &dir, "--history", "100"]);

    let answer = exchange(admin, "POST", "/backup", "");

    assert_eq!(answer.status(), 200);
    for (field, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"history.redb\""),
        ("content-length", &*answer.body.len().to_string()),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.head.field(field), Some(value), "{field}");
    }
    let copy = folder.write("copy", &answer.body);
    assert_eq!(check(&used(&copy)), expected);
    let line = server.log_line("backed up");
    assert!(line.contains("asker=127.0.0.1:"), "{line}");
    assert_eq!(exchange(admin, "GET", "/backup", "").status(), 405);

    let (_server, admin) = with_admin(&[]);
    let answer = exchange(admin, "POST", "/backup", "");
    assert_eq!(answer.status(), 404);
    assert!(answer.text().contains("the server runs without --data-dir"), "{answer:?}");
}

#[test]
fn backups_at_once_are_whole_or_refused_as_too_many() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a"; 200]);
    let expected = check(&dir);
    let _server = Server::start(&["--data-dir", &dir, "--history", "1000"]);

    let ended: Vec<_> = thread::scope(|scope| {
        let runs = [1, 2, 3, 4].map(|n| {
            let (file, dir) = (folder.path(&format!("copy{n}")), &dir);
            scope.spawn(move || (run(SERVER, ["--data-dir", dir, "--backup", &file]), file))
        });
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });

    assert!(ended.iter().any(|(ended, _)| ended.code == Some(0)), "{ended:?}");
    for (ended, file) in ended {
        match ended.code {
            Some(0) => assert_eq!(check(&used(&file)), expected),
            _ => assert!(ended.stderr.contains("another copy is being made"), "{ended:?}"),
        }
    }
}

#[test]
fn a_server_that_was_killed_leaves_nothing_that_is_in_the_way() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a"]);
    drop(Server::start(&["--data-dir", &dir, "--history", "100"]));
    assert!(fs::metadata(format!("{dir}/control")).is_ok(), "it was killed");
    fs::write(format!("{dir}/backup.unfinished"), "the beginning of a copy").unwrap();
    let expected = check(&dir);

    let _server = Server::start(&["--data-dir", &dir, "--history", "100"]);
    let copy = folder.path("copy");
    let ended = run(SERVER, ["--data-dir", &dir, "--backup", &copy]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(check(&used(&copy)), expected);
}

#[test]
fn a_compacted_file_is_shorter_and_has_the_same_in_it() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a"; 500]);
    let (expected, before) = (check(&dir), len(&dir));

    let ended = run(SERVER, ["--data-dir", &dir, "--compact"]);

    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    assert!(len(&dir) < before, "{before}");
    let said = format!("the file had {before} bytes, and now has {}\n", len(&dir));
    assert_eq!((ended.stdout, check(&dir)), (said, expected));
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_saved_when_that_is_asked_for() {
    let folder = Folder::new();
    let dir = folder.path("data");
    fill(&dir, &["a", "b", "a", "a"]);
    damage(&dir, "data 2");
    let damaged = fs::read(format!("{dir}/history.redb")).unwrap();

    let checked = run(SERVER, ["--data-dir", &dir, "--check"]);
    let refused = [
        run(SERVER, ["-P", "0", "--history", "9", "--data-dir", &dir]),
        run(SERVER, ["--data-dir", &dir, "--compact"]),
        run(SERVER, ["--data-dir", &dir, "--backup", &folder.path("copy")]),
    ];

    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stdout.contains(", damaged: "), "{checked:?}");
    assert!(checked.stdout.contains("a: 2 events"), "{checked:?}");
    assert!(checked.stdout.contains(", 1 missing"), "{checked:?}");
    assert!(checked.stderr.contains("--salvage"), "{checked:?}");
    for ended in refused {
        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.contains("is damaged: "), "{ended:?}");
    }
    assert_eq!(fs::read(format!("{dir}/history.redb")).unwrap(), damaged);

    let salvaged = run(SERVER, ["--data-dir", &dir, "--salvage"]);

    assert_eq!(salvaged.code, Some(0), "{salvaged:?}");
    assert!(salvaged.stdout.contains("; lost are 1"), "{salvaged:?}");
    assert_eq!(fs::read(format!("{dir}/history.redb.damaged")).unwrap(), damaged);
    let checked = run(SERVER, ["--data-dir", &dir, "--check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stdout.starts_with("2 channels, 3 events of "), "{checked:?}");
    let again = run(SERVER, ["--data-dir", &dir, "--salvage"]);
    assert_eq!(again.stdout, "nothing is damaged, and nothing was changed\n", "{again:?}");
    let server = Server::start(&["--data-dir", &dir, "--history", "9"]);
    server.signal(Signal::TERM);
    server.into_process().wait();

    damage(&dir, "data 3");
    let twice = run(SERVER, ["--data-dir", &dir, "--salvage"]);
    assert_eq!((twice.code, &*twice.stdout), (Some(1), ""), "{twice:?}");
    assert!(twice.stderr.contains("history.redb.damaged is there already"), "{twice:?}");
    assert_eq!(fs::read(format!("{dir}/history.redb.damaged")).unwrap(), damaged);
}

/// Stores an event on each of the channels, with its place among them as data.
fn fill(dir: &str, channels: &[&str]) {
    let store = Store::open(StoreConfig::new(dir)).unwrap();
    for (at, channel) in channels.iter().enumerate() {
        let frame = Frame::from(Event::data(format!("data {at}")));
        let append = Append::new(Token::new(channel).unwrap()).with_frame(frame);
        store.append(append, |_| {}).unwrap();
    }
}

/// Turns the bits of what is stored as `data`.
fn damage(dir: &str, data: &str) {
    let file = format!("{dir}/history.redb");
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<_> = bytes
        .windows(data.len())
        .enumerate()
        .filter_map(|(at, window)| (window == data.as_bytes()).then_some(at))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 0xFF;
    }
    fs::write(file, bytes).unwrap();
}

/// What a check prints of a directory that is sound.
fn check(dir: &str) -> String {
    let Ended { code, stdout, stderr } = run(SERVER, ["--data-dir", dir, "--check"]);
    assert_eq!((code, &*stderr), (Some(0), ""), "{stdout}");
    stdout
}

/// A directory with `copy` as its history.
fn used(copy: &str) -> String {
    let dir = format!("{copy}-used");
    fs::create_dir(&dir).unwrap();
    fs::copy(copy, format!("{dir}/history.redb")).unwrap();
    dir
}

fn len(dir: &str) -> u64 {
    fs::metadata(format!("{dir}/history.redb")).unwrap().len()
}

fn with_admin(args: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(&[args, &["--admin", "0"]].concat());
    let line = server.line();
    let addr = line.strip_prefix("admin on http://").expect("the second line").parse().unwrap();
    (server, addr)
}
