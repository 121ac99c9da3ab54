//! Copies of a file: while it is open, and shorter ones.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use sse_redb::{CopyError, Store, compact};
use tempfile::tempdir;

use crate::{
    files::{file, filled},
    support::{data, events, publish, token, unlimited},
};

#[test]
fn a_backup_is_a_moment_of_a_store_that_goes_on() {
    let (dir, copy) = (filled(), tempdir().expect("there is room"));
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let is_over = AtomicBool::new(false);
    let (before, published) = thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut published = 0;
            while !is_over.load(Ordering::SeqCst) || published < 10 {
                publish(&store, "1", &published.to_string());
                published += 1;
            }
            published
        });
        let before = events(&store, "1").len();
        store.backup(file(copy.path())).expect("there is room");
        is_over.store(true, Ordering::SeqCst);
        (before, publisher.join().expect("all was stored"))
    });

    let again = store.backup(file(copy.path()));
    assert!(matches!(again, Err(CopyError::Exists { .. })), "{again:?}");
    let all = events(&store, "1");
    assert_eq!(all.len(), 100 + published);
    let backup = Store::open(unlimited(copy.path())).expect("it opens");
    let kept = events(&backup, "1");
    assert!((before..=all.len()).contains(&kept.len()));
    assert_eq!(kept, all[..kept.len()]);
    assert_eq!(events(&backup, "2"), events(&store, "2"));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_not_overwritten_by_a_backup() {
    let (dir, copy) = (filled(), tempdir().expect("there is room"));
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let link = copy.path().join("link");
    std::os::unix::fs::symlink(copy.path().join("nowhere"), &link).expect("there is room");

    let refused = store.backup(&link);

    assert!(matches!(refused, Err(CopyError::Exists { .. })), "{refused:?}");
    assert!(link.symlink_metadata().expect("it is still there").is_symlink());
}

#[test]
fn a_compacted_file_is_smaller_and_holds_the_same() {
    let dir = tempdir().expect("there is room");
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    for number in 0..20 {
        let many = (0..100).fold(sse_redb::Append::new(token("1")), |append, _| {
            append.with_frame(sse_core::Event::data(format!("{number} {}", "x".repeat(500))).into())
        });
        store.append(many, |_| {}).expect("there is room");
    }
    drop(store);
    let few = unlimited(dir.path()).with_max_events(100);
    let store = Store::open(few.clone()).expect("it opens");
    publish(&store, "1", "last");
    let kept = events(&store, "1");
    while store.counts().trimmed == 0 {
        publish(&store, "2", "more");
    }
    drop(store);

    let compacted = compact(&few).expect("there is room");
    assert!(compacted.after < compacted.before / 2, "{compacted:?}");
    assert_eq!(fs::metadata(file(dir.path())).map(|it| it.len()).ok(), Some(compacted.after));
    let store = Store::open(few).expect("it opens");
    assert_eq!(events(&store, "1"), kept);
    assert_eq!(data(&kept[99]), "last");
}
