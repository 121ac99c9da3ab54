use std::{collections::BTreeMap, io, ops::Range, time::Instant};

use sse_core::history::Position;
use sse_redb::{Failure, Outcome, Refused, Store, StoreConfig, StoredEvent};

use crate::{
    disk::{Disk, Fault, Random},
    support::{
        PATIENCE, append, asked, data, events, outcome, publication, publish, stored, token,
        unlimited,
    },
};

/// What publications were told, by their data.
#[derive(Default)]
struct Told {
    safe: BTreeMap<String, Position>,
    unknown: Vec<String>,
}

impl Told {
    fn note(&mut self, text: String, outcome: Outcome) {
        match outcome {
            Outcome::Safe(stored) => {
                self.safe.insert(text, stored.position.expect("it has an event"));
            }
            Outcome::Refused(_) => {}
            Outcome::Unknown(_) => self.unknown.push(text),
        }
    }

    /// All that is safe is there once and in order, and nothing else but what is unknown.
    fn check(&mut self, kept: &[StoredEvent], context: &str) {
        let mut there = BTreeMap::new();
        for (seq, event) in (1..).zip(kept) {
            let text = data(event);
            assert_eq!(event.position.seq(), seq, "{context}: numbers are in a row");
            let is_known = self.safe.get(&text) == Some(&event.position);
            assert!(is_known || self.unknown.contains(&text), "{context}: {text} was refused");
            assert_eq!(there.insert(text.clone(), event.position), None, "{context}: {text} twice");
        }
        for text in self.safe.keys() {
            assert!(there.contains_key(text), "{context}: {text} is lost");
        }
        // What is there now stays there.
        self.safe = there;
    }
}

/// Publishes some batches, until there are no more or the store has failed.
fn publish_some(store: &Store, told: &mut Told, name: &str, random: &mut Random) {
    for batch in 0..3 + random.below(5) {
        let texts = (0..1 + random.below(6)).map(|number| format!("{name}.{batch}.{number}"));
        let asked = texts.map(|text| {
            let append =
                publication("42", &format!("{text} {}", "x".repeat(random.below(300) as usize)));
            (text, asked(|done| store.append(append, done)))
        });
        for (text, asked) in asked.collect::<Vec<_>>() {
            match asked {
                Ok(asked) => told.note(text, outcome(&asked)),
                Err(refused) => told.note(text, Outcome::Refused(refused)),
            }
        }
    }
}

fn short(kept: Vec<StoredEvent>) -> Vec<StoredEvent> {
    let first_word = |mut event: StoredEvent| {
        let text = data(&event);
        let word = text.split(' ').next().unwrap_or_default();
        event.frame = sse_core::Event::data(word).into();
        event
    };
    kept.into_iter().map(first_word).collect()
}

/// Cuts the power ten times for each seed.
fn cut_power(seeds: Range<u64>, config: &StoreConfig) {
    for seed in seeds {
        let (mut random, mut told) = (Random(seed), Told::default());
        let mut disk = Disk::default();
        drop(disk.open(config.clone()).expect("a new disk"));
        for cut in 0..10 {
            let context = format!("seed {seed}, cut {cut}");
            let after = random.below(120);
            disk.set_fault(Some(Fault { after, kind: io::ErrorKind::Other, stays: true }));
            if let Ok(store) = disk.open(config.clone()) {
                publish_some(&store, &mut told, &cut.to_string(), &mut random);
            }
            disk = disk.cut(&mut random);

            let after_cut = disk.restarted();
            let store = after_cut.open(config.clone());
            let store = store.unwrap_or_else(|error| panic!("{context}: {error}"));
            told.check(&short(events(&store, "42")), &context);
        }
    }
}

#[test]
fn nothing_that_was_safe_is_lost_in_the_first_250_power_cuts() {
    cut_power(0..25, &unlimited("memory"));
}

#[test]
fn nothing_that_was_safe_is_lost_in_the_second_250_power_cuts() {
    cut_power(25..50, &unlimited("memory"));
}

#[test]
fn nothing_that_was_safe_is_lost_in_the_third_250_power_cuts() {
    cut_power(50..75, &unlimited("memory"));
}

#[test]
fn nothing_that_was_safe_is_lost_in_the_last_250_power_cuts() {
    cut_power(75..100, &unlimited("memory"));
}

/// As in a large file.
#[test]
fn nothing_that_was_safe_is_lost_where_each_commit_writes_down_which_pages_are_in_use() {
    // More often only when the file grows.
    let syncs = |config: StoreConfig| {
        let disk = Disk::default();
        let store = disk.open(config).expect("a new disk");
        let each = (0..5).map(|number| {
            let before = disk.syncs();
            publish(&store, "42", &number.to_string());
            disk.syncs() - before
        });
        each.min()
    };
    let quick = unlimited("memory").with_quick_repair_bytes(0);
    assert_eq!((syncs(unlimited("memory")), syncs(quick.clone())), (Some(1), Some(2)));

    cut_power(100..110, &quick);
}

#[test]
fn whatever_write_or_sync_fails_what_was_told_is_true() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for stays in [false, true] {
            let mut after = 0;
            loop {
                let context = format!("{kind:?} after {after}, stays: {stays}");
                let (mut random, mut told) = (Random(after), Told::default());
                let disk = Disk::default();
                let store = disk.open(unlimited("memory")).expect("a new disk");
                disk.set_fault(Some(Fault { after, kind, stays }));
                publish_some(&store, &mut told, "1", &mut random);
                let is_over = disk.changes() <= after;

                if store.failure().is_none() && !store.is_full() {
                    told.check(&short(events(&store, "42")), &context);
                }
                drop(store);
                let store = disk.restarted().open(unlimited("memory"));
                let store = store.unwrap_or_else(|error| panic!("{context}: {error}"));
                told.check(&short(events(&store, "42")), &context);
                if is_over {
                    assert!(after > 20, "the fault was met");
                    break;
                }
                after += 1;
            }
        }
    }
}

#[test]
fn after_a_failed_sync_nothing_is_written_or_synced_any_more() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    publish(&store, "42", "before");
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::Other, stays: false }));
    let failed = append(&store, publication("42", "unknown"));
    let failure = store.failure().expect("the disk failed");
    assert_eq!(failed, Outcome::Unknown(failure.clone()));
    disk.set_fault(None);

    let after = append(&store, publication("42", "after"));
    assert_eq!(after, Outcome::Refused(Refused::Failed(failure.clone())));
    assert!(failure.to_string().contains("the disk failed to"), "{failure}");
    drop(store);
    assert_eq!(disk.changes(), 0);
}

/// Waits until the thread that writes has begun with all that was asked for.
fn until_taken(store: &Store) {
    let begun = Instant::now();
    while store.counts().queue_events != 0 {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn a_disk_that_stands_still_fills_the_queue_and_no_more() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory").with_max_queue(10, 1 << 20)).expect("a new disk");
    disk.set_blocked(true);
    let first = asked(|done| store.append(publication("42", "0"), done)).expect("there is room");
    until_taken(&store);

    let waiting: Vec<_> = (1..11)
        .map(|number| asked(|done| store.append(publication("42", &number.to_string()), done)))
        .collect();
    let refused = append(&store, publication("42", "too many"));
    let Outcome::Refused(Refused::QueueFull { events: 10, max_events: 10, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(store.counts().queue_events, 10);
    assert!(store.page(&token("42"), 0, 1_000).expect("readers go on").events.is_empty());
    disk.set_blocked(false);

    stored(outcome(&first));
    for waiting in waiting {
        stored(outcome(&waiting.expect("there was room")));
    }
    let kept = events(&store, "42");
    assert!(kept.iter().map(data).eq((0..11).map(|number| number.to_string())));
}

#[test]
fn a_queue_is_bounded_by_bytes_too() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory").with_max_queue(1_000, 10_000)).expect("a new disk");
    disk.set_blocked(true);
    let text = "x".repeat(4_000);
    let outcomes: Vec<_> =
        (0..10).map(|_| asked(|done| store.append(publication("42", &text), done))).collect();
    disk.set_blocked(false);

    let refused = outcomes
        .iter()
        .filter(|told| matches!(told, Err(Refused::QueueFull { max_bytes: 10_000, .. })));
    assert!(refused.count() >= 5);
    for told in outcomes.into_iter().flatten() {
        stored(outcome(&told));
    }
}

#[test]
fn two_with_the_same_key_share_the_outcome_of_a_failure() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    disk.set_blocked(true);
    let plug = asked(|done| store.append(publication("42", "plug"), done)).expect("taken");
    until_taken(&store);
    let keyed = || publication("42", "once").with_key("order", 7);
    let both = [keyed(), keyed()].map(|append| asked(|done| store.append(append, done)));
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::Other, stays: true }));
    disk.set_blocked(false);

    outcome(&plug);
    let [one, other] = both.map(|told| outcome(&told.expect("taken")));
    assert_eq!(one, other);
    assert!(!matches!(one, Outcome::Safe(_)), "{one:?}");
}

#[test]
fn a_record_that_is_damaged_while_it_is_served_is_a_hole_and_is_counted() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_cache_bytes(0);
    let store = disk.open(config()).expect("a new disk");
    for text in ["before", "the damaged one", "after"] {
        publish(&store, "42", text);
    }
    drop(store);
    let store = disk.open(config()).expect("it is whole");
    disk.damage(b"the damaged one");

    for _ in 0..2 {
        let page = store.page(&token("42"), 0, 1_000).expect("the others can be read");
        assert_eq!(page.holes, [2..=2]);
        assert!(page.events.iter().map(data).eq(["before", "after"]));
        assert_eq!((store.damage(), store.counts().damaged), (1, 1));
    }
}

#[test]
fn a_callback_that_panics_ends_the_store_and_nobody_waits() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    disk.set_blocked(true);
    let plug = asked(|done| store.append(publication("42", "plug"), done)).expect("taken");
    until_taken(&store);
    let before = asked(|done| store.append(publication("42", "before"), done)).expect("taken");
    store.append(publication("42", "broken"), |_| panic!("a defect of the caller")).expect("taken");
    let behind = asked(|done| store.append(publication("42", "behind"), done)).expect("taken");
    disk.set_blocked(false);

    for told in [plug, before, behind] {
        stored(outcome(&told));
    }
    let refused = append(&store, publication("42", "after"));
    assert_eq!(refused, Outcome::Refused(Refused::Failed(Failure::Panicked)));
    assert_eq!(events(&store, "42").len(), 4);
}

#[test]
fn a_panic_while_a_batch_is_written_ends_the_store_and_nobody_waits() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    publish(&store, "42", "before");
    disk.set_panic();
    let unknown = append(&store, publication("42", "unknown"));
    assert_eq!(unknown, Outcome::Unknown(Failure::Panicked));
    let refused = append(&store, publication("42", "after"));
    assert_eq!(refused, Outcome::Refused(Refused::Failed(Failure::Panicked)));

    drop(store);
    let store = disk.restarted().open(unlimited("memory")).expect("it opens");
    assert_eq!(data(&events(&store, "42")[0]), "before");
}
