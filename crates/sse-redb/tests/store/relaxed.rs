use std::{
    io,
    time::{Duration, Instant},
};

use sse_redb::{Durability, Outcome, Refused, StoreConfig};

use crate::{
    disk::{Disk, Fault},
    support::{PATIENCE, append, data, events, flush, publication, publish, stored, unlimited},
};

#[test]
fn relaxed_is_safe_at_once_and_on_disk_later() {
    let disk = Disk::default();
    let config = || relaxed(Duration::from_secs(3_600));
    let store = disk.open(config()).expect("a new disk");
    disk.set_blocked(true);
    let told: Vec<_> = (1..4).map(|number| publish(&store, "42", &number.to_string())).collect();
    disk.set_blocked(false);
    let lost = disk.restarted().open(config()).expect("it opens");
    assert_eq!(events(&lost, "42"), []);
    let [first, again] = [told[0].position, publish(&lost, "42", "again").position];
    let [first, again] = [first, again].map(|position| position.expect("it has an event"));
    assert_eq!(first.seq(), again.seq());
    assert_ne!(first.epoch(), again.epoch());

    stored(flush(&store));
    let kept = disk.restarted().open(config()).expect("it opens");
    let told: Vec<_> = told.into_iter().flat_map(|stored| stored.events).collect();
    assert_eq!(events(&kept, "42"), told);
}

#[test]
fn relaxed_commits_by_itself_after_its_time() {
    let disk = Disk::default();
    let store = disk.open(relaxed(Duration::from_millis(1))).expect("a new disk");
    let told = publish(&store, "42", "1");
    let begun = Instant::now();
    while events(&store, "42") != told.events {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn a_relaxed_tail_that_is_lost_is_given_out_again_in_another_epoch() {
    let disk = Disk::default();
    let store = disk.open(relaxed(Duration::from_secs(3_600))).expect("a new disk");
    publish(&store, "42", "1");
    stored(flush(&store));
    let lost = publish(&store, "42", "lost").position.expect("it counts as safe");
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::StorageFull, stays: true }));
    let flushed = flush(&store);
    assert!(matches!(flushed, Outcome::Refused(Refused::DiskFull { .. })), "{flushed:?}");
    assert_eq!(store.counts().lost, 1);
    disk.set_fault(None);

    let begun = Instant::now();
    let again = loop {
        match append(&store, publication("42", "again")) {
            Outcome::Safe(stored) => break stored.position.expect("it has an event"),
            _ => assert!(begun.elapsed() < PATIENCE),
        }
    };
    assert_eq!((lost.seq(), again.seq()), (2, 2));
    assert_ne!(lost.epoch(), again.epoch());
    stored(flush(&store));
    drop(store);
    let store = disk.restarted().open(relaxed(Duration::ZERO)).expect("it opens");
    assert_eq!(events(&store, "42").iter().map(data).collect::<Vec<_>>(), ["1", "again"]);
}

fn relaxed(delay: Duration) -> StoreConfig {
    unlimited("memory").with_durability(Durability::Relaxed(delay))
}
