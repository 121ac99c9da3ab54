//! A disk without room, and a file that may not grow.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use sse_redb::{Outcome, Refused};

use crate::{
    disk::{Disk, Fault},
    support::{PATIENCE, append, data, events, publication, publish, unlimited},
};

#[test]
fn a_full_disk_refuses_until_there_is_room_again() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    publish(&store, "42", "1");
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::StorageFull, stays: true }));
    let refused = append(&store, publication("42", "refused"));
    assert!(matches!(refused, Outcome::Refused(Refused::DiskFull { .. })), "{refused:?}");
    assert!(store.is_full() && store.failure().is_none());
    disk.set_fault(None);

    let begun = Instant::now();
    let position = loop {
        match append(&store, publication("42", "2")) {
            Outcome::Safe(stored) => break stored.position.expect("it has an event"),
            Outcome::Refused(Refused::DiskFull { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    };

    assert!(!store.is_full());
    assert_eq!(position.seq(), 2);
    assert_eq!(events(&store, "42").iter().map(data).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn a_disk_that_has_room_again_is_not_full_though_nothing_is_published() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    publish(&store, "42", "1");
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::StorageFull, stays: true }));
    append(&store, publication("42", "refused"));
    assert!(store.is_full());

    disk.set_fault(None);

    let begun = Instant::now();
    while store.is_full() {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(10));
    }
    publish(&store, "42", "2");
    assert_eq!(events(&store, "42").iter().map(data).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn a_file_that_may_not_grow_goes_on_once_old_events_have_made_room() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_max_file_bytes(4 << 20);
    // One at a time, so that the file is full to the last page.
    let text = "x".repeat(1_000);
    let some = || publication("42", &text);
    let store = disk.open(config()).expect("a new disk");
    let mut kept = 0;
    loop {
        match append(&store, some()) {
            Outcome::Safe(stored) => kept += stored.events.len(),
            Outcome::Refused(Refused::DiskFull { file_bytes }) => {
                assert!(file_bytes <= 4 << 20, "{file_bytes}");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(events(&store, "42").len(), kept);
    drop(store);

    let store = disk.open(config().with_max_events(kept / 2)).expect("it opens");
    let begun = Instant::now();
    let mut again = 0;
    while again < kept {
        match append(&store, some()) {
            Outcome::Safe(stored) => again += stored.events.len(),
            Outcome::Refused(Refused::DiskFull { .. }) => thread::yield_now(),
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < PATIENCE);
    }
    assert_eq!(events(&store, "42").len(), kept / 2);
}
