use std::{fs, iter, path::Path, process::Command};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use sse_redb::{OpenError, Store, StoreConfig, check, compact, salvage};
use tempfile::{TempDir, tempdir};

use crate::{
    disk::Random,
    support::{data, events, publish, token, unlimited},
};

/// A directory with a store of 200 events in two channels.
pub(crate) fn filled() -> TempDir {
    let dir = tempdir().expect("there is room");
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    for number in 0..100 {
        let told = |_| {};
        for channel in ["1", "2"] {
            let text = format!("{number} {}", "x".repeat(100));
            store.append(crate::support::publication(channel, &text), told).expect("there is room");
        }
    }
    dir
}

pub(crate) fn file(dir: &Path) -> std::path::PathBuf {
    dir.join("history.redb")
}

fn open_error(dir: &Path) -> OpenError {
    Store::open(unlimited(dir)).map(|_| ()).expect_err("it must not open")
}

#[test]
fn a_missing_directory_is_made_for_its_owner_alone() {
    let dir = tempdir().expect("there is room");
    let path = dir.path().join("a/b");
    drop(Store::open(unlimited(&path)).expect("it opens"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).map(|it| it.permissions().mode() & 0o777).ok();
        assert_eq!((mode(&path), mode(&file(&path))), (Some(0o700), Some(0o600)));
    }
}

#[test]
fn what_is_no_directory_is_refused() {
    let dir = tempdir().expect("there is room");
    let path = dir.path().join("file");
    fs::write(&path, "mine").expect("there is room");
    let error = open_error(&path);
    assert!(matches!(error, OpenError::NotADirectory { .. }), "{error}");
    assert!(error.to_string().contains("file is not a directory"), "{error}");
    assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("mine"));
    assert!(matches!(open_error(&path.join("below")), OpenError::Io { .. }));
}

/// Nobody may make a directory there, not even the superuser.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_may_not_be_made_is_refused_by_its_name() {
    let error = open_error(Path::new("/sys/history"));
    let text = error.to_string();
    assert!(matches!(error, OpenError::Denied { .. }), "{text}");
    assert!(text.starts_with("no right to use /sys/history; give it to the user"), "{text}");
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let dir = filled();
    let first = Store::open(unlimited(dir.path())).expect("it opens");
    for error in [
        open_error(dir.path()),
        check(&unlimited(dir.path())).expect_err("it is in use"),
        compact(&unlimited(dir.path())).expect_err("it is in use"),
    ] {
        assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    }
    publish(&first, "1", "still there");
    drop(first);
    drop(Store::open(unlimited(dir.path())).expect("it is free"));
}

#[test]
fn foreign_empty_and_truncated_files_are_refused_and_left_as_they_are() {
    for (name, len) in [
        ("foreign", None),
        ("empty", Some(0)),
        ("a few bytes", Some(5)),
        ("the magic alone", Some(9)),
        ("a page", Some(4_096)),
        ("all but a page", Some(u64::MAX)),
    ] {
        let dir = filled();
        let path = file(dir.path());
        let whole = fs::read(&path).expect("it is there");
        let bytes = match len {
            None => b"a text of mine, which is longer than the magic".to_vec(),
            Some(len) => whole[..(len as usize).min(whole.len() - 4_096)].to_vec(),
        };
        fs::write(&path, &bytes).expect("there is room");

        let error = open_error(dir.path());
        let is_expected = match name {
            "foreign" | "a few bytes" => matches!(error, OpenError::Foreign { .. }),
            _ => matches!(error, OpenError::Damaged { .. }),
        };
        assert!(is_expected, "{name}: {error}");
        assert!(error.to_string().contains("history.redb"), "{error}");
        assert_eq!(fs::read(&path).expect("it is there"), bytes, "{name} was changed");
        check(&unlimited(dir.path())).expect_err("it cannot be read");
    }
}

#[test]
fn a_database_of_another_program_is_refused() {
    let dir = tempdir().expect("there is room");
    let theirs = TableDefinition::<u64, u64>::new("theirs");
    let database = Database::create(file(dir.path())).expect("there is room");
    let transaction = database.begin_write().expect("it is open");
    transaction
        .open_table(theirs)
        .and_then(|mut it| Ok(it.insert(1, 2).map(|_| ())?))
        .expect("room");
    transaction.commit().expect("there is room");
    drop(database);

    assert!(matches!(open_error(dir.path()), OpenError::Foreign { .. }));
    let database = Database::open(file(dir.path())).expect("it is whole");
    let table = database.begin_read().expect("it is open").open_table(theirs).expect("it is there");
    assert_eq!(table.get(1).expect("it is whole").map(|value| value.value()), Some(2));
}

#[test]
fn files_of_other_versions_are_refused_with_both_versions() {
    for other in [0, 1, 3, u64::MAX] {
        let dir = filled();
        let database = Database::open(file(dir.path())).expect("it is whole");
        let transaction = database.begin_write().expect("it is open");
        let meta = TableDefinition::<&str, u64>::new("meta");
        let insert = || {
            let mut meta = transaction.open_table(meta).expect("it is there");
            meta.insert("format", other).map(|_| ()).expect("there is room");
        };
        insert();
        transaction.commit().expect("there is room");
        drop(database);
        let before = fs::read(file(dir.path())).expect("it is there");

        let config = unlimited(dir.path());
        for error in [
            open_error(dir.path()),
            check(&config).expect_err("it is not understood"),
            compact(&config).expect_err("it is not understood"),
            salvage(&config).expect_err("it is not understood"),
        ] {
            let OpenError::Version { found, expected: 2, .. } = &error else { panic!("{error}") };
            assert_eq!(*found, other);
            let text = error.to_string();
            assert!(text.contains(&format!("has version {other} of the format")), "{text}");
            assert!(
                text.contains("start the release of eventsource-server that wrote it"),
                "{text}"
            );
        }
        assert!(before == fs::read(file(dir.path())).expect("it is there"), "it was changed");
    }
}

#[test]
fn a_flipped_bit_is_found_or_changes_nothing() {
    let dir = filled();
    let path = file(dir.path());
    let whole = fs::read(&path).expect("it is there");
    let expected = {
        let store = Store::open(unlimited(dir.path())).expect("it opens");
        [events(&store, "1"), events(&store, "2")]
    };
    let (mut random, mut found, mut salvaged) = (Random(7), 0, 0);
    for _ in 0..40 {
        let used = |bit: &u64| whole[*bit as usize / 8] != 0;
        let bit = iter::repeat_with(|| random.below(whole.len() as u64 * 8)).find(used);
        let bit = bit.expect("a file has more than zeros");
        let mut bytes = whole.clone();
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).expect("there is room");

        match Store::open(unlimited(dir.path())) {
            Ok(store) => {
                let kept = [events(&store, "1"), events(&store, "2")];
                assert!(kept == expected, "bit {bit} changed what is kept");
            }
            Err(_) => {
                found += 1;
                let report = check(&unlimited(dir.path()));
                let unchanged = fs::read(&path).expect("it is there") == bytes;
                assert!(unchanged, "bit {bit}: the file was changed");
                let Ok(report) = report else { continue };
                assert!(report.damage.is_some() || !report.damaged.is_empty(), "bit {bit}");
                if salvage(&unlimited(dir.path())).is_err() {
                    continue;
                }
                let store = Store::open(unlimited(dir.path())).expect("it was salvaged");
                for (channel, expected) in ["1", "2"].into_iter().zip(&expected) {
                    let page = store.page(&token(channel), 0, 1 << 20).expect("it is whole");
                    assert!(page.events.iter().all(|event| expected.contains(event)));
                    salvaged += page.events.len();
                }
            }
        }
    }
    assert!(found > 5, "{found} were found");
    assert!(salvaged > found * 100, "{salvaged} of 200 events in {found} files were salvaged");
}

/// Flips a bit of a record in a way that the database does not notice.
fn damage_record(dir: &Path) {
    let records = TableDefinition::<u64, &[u8]>::new("records");
    let database = Database::open(file(dir)).expect("it is whole");
    let transaction = database.begin_write().expect("it is open");
    {
        let mut table = transaction.open_table(records).expect("it is there");
        let text = b"data: 50 ";
        let damaged = table.iter().expect("it is whole").find_map(|chunk| {
            let (key, chunk) = chunk.expect("it is whole");
            let mut chunk = chunk.value().to_vec();
            let at = chunk.windows(text.len()).position(|part| part == text)?;
            chunk[at] ^= 1;
            Some((key.value(), chunk))
        });
        let (key, chunk) = damaged.expect("there are 200 records");
        table.insert(key, chunk.as_slice()).expect("there is room");
    }
    transaction.commit().expect("there is room");
}

#[test]
fn a_damaged_record_is_named_by_the_check_and_salvage_leaves_a_hole() {
    let dir = filled();
    damage_record(dir.path());
    let error = open_error(dir.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert!(matches!(compact(&unlimited(dir.path())), Err(OpenError::Damaged { .. })));
    let before = fs::read(file(dir.path())).expect("it is there");

    let report = check(&unlimited(dir.path())).expect("most of it can be read");
    assert_eq!((report.damaged.len(), report.events), (1, 199));
    let missing: Vec<_> = report.channels.iter().map(|channel| channel.missing).collect();
    assert_eq!(missing.iter().sum::<u64>(), 1);
    assert!(report.to_string().contains("1 records that cannot be read"), "{report}");
    assert!(before == fs::read(file(dir.path())).expect("it is there"), "the check changed it");

    let salvaged = salvage(&unlimited(dir.path())).expect("there is room");
    assert_eq!(salvaged.lost, 1);
    assert!(before == fs::read(dir.path().join("history.redb.damaged")).expect("it is kept"));
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let channel = if missing[0] == 1 { "1" } else { "2" };
    let page = store.page(&token(channel), 0, 1 << 20).expect("it is read");
    let [hole] = &page.holes[..] else { panic!("{:?}", page.holes) };
    assert_eq!((hole.start(), page.events.len()), (hole.end(), 99));
}

#[test]
fn check_names_what_is_in_a_file_that_was_not_closed() {
    let dir = filled();
    let copy = tempdir().expect("there is room");
    {
        let store = Store::open(unlimited(dir.path())).expect("it opens");
        publish(&store, "3", "1");
        fs::copy(file(dir.path()), file(copy.path())).expect("there is room");
    }
    let before = fs::read(file(copy.path())).expect("it is there");
    let report = check(&unlimited(copy.path())).expect("it is whole");

    let lines: Vec<_> = report.channels.iter().map(|it| (it.channel.as_str(), it.events)).collect();
    assert_eq!(lines, [("1", 100), ("2", 100), ("3", 1)]);
    let seqs = |channel: &sse_redb::ChannelReport| {
        [channel.first, channel.last].map(|position| position.map(|position| position.seq()))
    };
    assert_eq!(seqs(&report.channels[0]), [Some(1), Some(100)]);
    assert!(before == fs::read(file(copy.path())).expect("it is there"), "the check changed it");
    let missing = check(&StoreConfig::new(dir.path().join("nowhere")));
    assert!(matches!(missing, Err(OpenError::Missing { .. })), "{missing:?}");
}

/// The other side of the next test: publishes until it is killed, and prints what is safe.
#[test]
fn publishes_until_it_is_killed() {
    use std::io::Write;

    let Some(dir) = std::env::var_os(KILLED_DIR) else { return };
    let store = Store::open(unlimited(dir)).expect("it opens");
    let mut number = events(&store, "1").len();
    loop {
        number += 1;
        let stored = publish(&store, "1", &number.to_string());
        let position = stored.position.expect("it has an event");
        let line = format!("safe {position} {number}\n");
        std::io::stdout().write_all(line.as_bytes()).expect("somebody reads");
    }
}

#[test]
fn what_was_safe_outlives_a_process_that_is_killed() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };

    let dir = tempdir().expect("there is room");
    let mut safe = Vec::new();
    for round in 1..4 {
        let mut child = Command::new(std::env::current_exe().expect("it runs"))
            .args(["publishes_until_it_is_killed", "--nocapture"])
            .env(KILLED_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let told = lines.map_while(Result::ok).filter_map(|line| {
            let at = line.find("safe ")?;
            Some(line[at + "safe ".len()..].to_owned())
        });
        let mut told = told.peekable();
        safe.extend(told.by_ref().take(10 * round));
        child.kill().expect("it runs");
        // What it had written before it was killed counts too.
        safe.extend(told.filter(|line| line.split(' ').count() == 2 && line.contains('.')));
        child.wait().expect("it was killed");

        let store = Store::open(unlimited(dir.path())).expect("it opens");
        let kept: Vec<_> = events(&store, "1")
            .iter()
            .map(|event| format!("{} {}", event.position, data(event)))
            .collect();
        assert!(kept.len() >= safe.len());
        assert_eq!(kept[..safe.len()], safe, "round {round}");
        safe = kept;
    }
    assert!(safe.len() >= 60);
}

const KILLED_DIR: &str = "SSE_REDB_TEST_KILLED_DIR";
