//! The directory of `--data-dir`: what it needs, and when a server does not begin with it.

use std::{
    fs::{self, OpenOptions},
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use rustix::process::Signal;

use crate::support::{Folder, SERVER, Server, run};

#[test]
fn what_does_not_fit_together_is_refused_with_the_reason() {
    let folder = Folder::new();
    let dir = folder.path("data");
    for (args, reason) in [
        (&["--data-dir", &*dir][..], "--data-dir needs --history"),
        (&["--data-dir", &dir, "--history", "0"], "--data-dir needs --history"),
        (
            &["--data-dir", &dir, "--history", "1", "--max-history-bytes", "1"],
            "--max-history-bytes is not for --data-dir",
        ),
        (&["--durability", "strict"], "--data-dir <DIR>"),
        (&["--history-memory", "1048576"], "<--data-dir <DIR>|--redis <URL>>"),
        (&["--max-data-bytes", "1048576"], "--data-dir <DIR>"),
        (&["--check"], "--data-dir <DIR>"),
        (&["--salvage"], "--data-dir <DIR>"),
        (
            &["--data-dir", &dir, "--durability", "relaxed:0"],
            "'relaxed:0' for '--durability <WHEN>': expected strict, or relaxed:MS with a time from 1 to 60000 ms",
        ),
        (
            &["--data-dir", &dir, "--max-data-bytes", "1048575"],
            "'1048575' for '--max-data-bytes <BYTES>': expected a number from 1048576 to 1125899906842624",
        ),
        (
            &["--data-dir", &dir, "--history-memory", "1"],
            "'1' for '--history-memory <BYTES>': expected a number from 1048576 to 1099511627776",
        ),
        (&["--data-dir", &dir, "--check", "--compact"], "cannot be used with"),
        (&["--data-dir", &dir, "--check", "--check-config"], "cannot be used with"),
    ] {
        let ended = run(SERVER, args);

        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
    }
    assert!(!Path::new(&dir).exists(), "nothing was made");
}

#[test]
fn a_check_of_the_options_does_not_touch_the_directory() {
    let folder = Folder::new();
    let dir = folder.path("data");

    let ended = run(SERVER, ["--data-dir", &dir, "--history", "1", "--check-config"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!Path::new(&dir).exists());
}

#[test]
fn it_is_made_for_its_owner_alone_and_what_was_found_is_logged() {
    let folder = Folder::new();
    let dir = folder.path("a/b");

    let server = Server::start(&["--data-dir", &dir, "--history", "1"]);

    let line = server.log_line("history opened");
    assert!(line.contains(" channels=0 events=0 ") && line.contains(" took_ms="), "{line}");
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&format!("{dir}/history.redb"))), (0o700, 0o600));
    server.signal(Signal::TERM);
    server.log_line("history closed");
    assert_eq!(server.into_process().wait().code, Some(0));
    let mut left: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["history.redb", "lock"]);
}

#[test]
fn a_second_server_is_told_that_it_is_in_use_and_the_first_goes_on() {
    let folder = Folder::new();
    let dir = folder.path("data");
    let first = Server::start(&["--data-dir", &dir, "--history", "1"]);

    for args in [&["-P", "0", "--history", "1"][..], &["--check"], &["--compact"], &["--salvage"]] {
        let second = run(SERVER, args.iter().chain(&["--data-dir", &dir]));

        assert_eq!((second.code, &*second.stdout), (Some(1), ""), "{second:?}");
        let said = format!("the history in {dir} is in use by another process; end it first");
        assert!(second.stderr.contains(&said), "{second:?}");
    }

    first.signal(Signal::TERM);
    assert_eq!(first.into_process().wait().code, Some(0));
}

#[test]
fn what_is_no_history_is_refused_with_what_to_do_and_left_as_it_is() {
    let folder = Folder::new();
    for (name, contents, reason) in [
        ("text", &b"a file of somebody else"[..], "is not a history: it does not begin as one"),
        ("short", &b"redb"[..], "is not a history"),
        ("empty", &b""[..], "is damaged: it is empty; nothing was changed"),
        ("magic", &b"redb\x1a\x0a\xa9\x0d\x0a and no more"[..], "is damaged"),
    ] {
        let dir = folder.path(name);
        fs::create_dir(&dir).unwrap();
        let file = format!("{dir}/history.redb");
        fs::write(&file, contents).unwrap();
        for task in ["--history=1", "--check", "--compact", "--salvage", "--backup=copy"] {
            let ended = run(SERVER, ["-P", "0", "--data-dir", &dir, task]);

            assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{name} {task}: {ended:?}");
            assert!(ended.stderr.contains(&file), "{name} {task}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{name} {task}: {ended:?}");
            assert!(!ended.stderr.contains("panicked"), "{ended:?}");
            assert_eq!(fs::read(&file).unwrap(), contents, "{name} {task}");
        }
    }
}

#[test]
fn what_is_no_directory_is_refused() {
    let folder = Folder::new();
    let file = folder.write("file", "");
    for (dir, reason) in [
        (file.clone(), "is not a directory; name another one"),
        (format!("{file}/below"), "cannot use"),
        ("/proc/none".to_owned(), "/proc/none"),
    ] {
        let ended = run(SERVER, ["-P", "0", "--history", "1", "--data-dir", &dir]);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{ended:?}");
    }
}

#[test]
fn a_file_of_another_version_is_refused_with_both() {
    let folder = Folder::new();
    let dir = folder.path("data");
    set_version(&dir, 999);
    let before = fs::read(format!("{dir}/history.redb")).unwrap();

    for task in ["--history=1", "--check", "--compact", "--salvage", "--backup=copy"] {
        let ended = run(SERVER, ["-P", "0", "--data-dir", &dir, task]);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{task}: {ended:?}");
        assert!(ended.stderr.contains("has version 999 of the format"), "{task}: {ended:?}");
        assert_eq!(fs::read(format!("{dir}/history.redb")).unwrap(), before, "{task}");
    }
}

#[test]
fn a_file_with_other_bits_does_not_begin_a_server_and_is_left_as_it_is() {
    let folder = Folder::new();
    let dir = folder.path("data");
    let file = format!("{dir}/history.redb");
    Server::start(&["--data-dir", &dir, "--history", "1"]);
    let len = fs::metadata(&file).unwrap().len();
    let mut damaged = OpenOptions::new().write(true).open(&file).unwrap();
    damaged.seek(SeekFrom::Start(4_096)).unwrap();
    damaged.write_all(&vec![0xA5; usize::try_from(len).unwrap() - 4_096]).unwrap();
    let before = fs::read(&file).unwrap();

    let ended = run(SERVER, ["-P", "0", "--history", "1", "--data-dir", &dir]);

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    let hint = format!("`eventsource-server --data-dir {dir} --check`");
    assert!(ended.stderr.contains("is damaged: ") && ended.stderr.contains(&hint), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

/// Makes a history of a version that is not there yet.
fn set_version(dir: &str, version: u64) {
    use redb::{Database, TableDefinition};

    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    Server::start(&["--data-dir", dir, "--history", "1"]);
    let database = Database::open(format!("{dir}/history.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert("format", version).unwrap();
    transaction.commit().unwrap();
}
