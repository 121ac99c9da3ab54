use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

use sse_core::history::Position;
use sse_redb::{Append, Outcome, Refused, Store, StoreConfig};
use tempfile::tempdir;

use crate::{
    disk::Disk,
    support::{
        PATIENCE, append, asked, data, events, outcome, publication, publish, stored, token,
        unlimited,
    },
};

fn texts(store: &Store, channel: &str) -> Vec<String> {
    events(store, channel).iter().map(data).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn a_channel_keeps_as_many_events_as_it_may_also_after_a_restart_with_another_limit() {
    let disk = Disk::default();
    let config = |max| unlimited("memory").with_max_events(max);
    let store = disk.open(config(10)).expect("a new disk");
    for number in 0..25 {
        publish(&store, "42", &number.to_string());
    }
    assert_eq!(texts(&store, "42"), numbers(15..25));
    assert_eq!(
        store.channel(&token("42")).map(|known| (known.first, known.top.seq())),
        Some((16, 25))
    );
    drop(store);

    for (max, kept) in [(10, 15..25), (4, 21..25), (0, 25..25)] {
        let store = disk.open(config(max)).expect("it opens");
        assert_eq!(texts(&store, "42"), numbers(kept), "{max}");
        assert_eq!(store.channel(&token("42")).map(|known| known.top.seq()), Some(25));
    }
}

#[test]
fn a_channel_keeps_as_many_bytes_as_it_may() {
    let disk = Disk::default();
    let config = |max| unlimited("memory").with_max_bytes(max);
    let store = disk.open(config(10_000)).expect("a new disk");
    let text = "x".repeat(1_000);
    for _ in 0..30 {
        publish(&store, "42", &text);
    }
    assert_eq!(events(&store, "42").len(), 9);
    drop(store);

    assert_eq!(events(&disk.open(config(10_000)).expect("it opens"), "42").len(), 9);
    assert_eq!(events(&disk.open(config(5_500)).expect("it opens"), "42").len(), 5);
}

#[test]
fn an_event_that_is_too_old_is_not_shown_and_one_from_the_future_counts_as_new() {
    let disk = Disk::default();
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let config = |age| unlimited("memory").with_max_age(Some(age));
    let store = disk.open(unlimited("memory")).expect("a new disk");
    let now = SystemTime::now();
    for (text, time) in [
        ("old", now - hours(3)),
        ("older", now - hours(4)),
        ("recent", now - hours(1)),
        ("future", now + hours(100)),
    ] {
        stored(append(&store, publication("42", text).with_time(time)));
    }
    drop(store);

    let store = disk.open(config(hours(2))).expect("it opens");
    assert_eq!(texts(&store, "42"), ["recent", "future"]);
    stored(append(&store, publication("43", "old").with_time(now - hours(3))));
    assert_eq!(texts(&store, "43"), [""; 0]);
    let known = store.channel(&token("43")).expect("its position is known");
    assert_eq!((known.first, known.top.seq()), (2, 1));
    let page = store.page(&token("42"), 0, 1_000).expect("it is whole");
    assert!(page.events.iter().all(|event| event.time < now + hours(1)));
}

#[test]
fn an_event_becomes_too_old_without_anything_else_happening() {
    let store =
        Disk::default().open(unlimited("memory").with_max_age(Some(Duration::from_millis(200))));
    let store = store.expect("a new disk");
    publish(&store, "42", "1");
    let begun = Instant::now();
    while store.channel(&token("42")).is_some_and(|known| known.first == 1) {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert_eq!(events(&store, "42"), []);
}

#[test]
fn what_is_let_go_of_is_deleted_much_at_a_time_and_leaves_the_position() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_max_events(1);
    let store = disk.open(config()).expect("a new disk");
    let mut last: Option<Position> = None;
    for _ in 0..3 {
        let many = (0..1_000).fold(Append::new(token("42")), |append, number| {
            append.with_frame(sse_core::Event::data(number.to_string()).into())
        });
        last = stored(append(&store, many)).position;
    }
    let begun = Instant::now();
    while store.counts().trimmed < 2_000 {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert!(store.counts().to_trim < 1_000);
    drop(store);

    let store = disk.open(config().with_max_events(0)).expect("it opens");
    assert_eq!(store.counts().kept_events, 0);
    assert_eq!(store.channel(&token("42")).map(|known| known.top), last);
}

#[test]
fn the_position_outlives_the_deletion_of_all_events() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory").with_max_events(0)).expect("a new disk");
    let mut last = None;
    for _ in 0..2 {
        let many = (0..900).fold(Append::new(token("42")), |append, number| {
            append.with_frame(sse_core::Event::data(number.to_string()).into())
        });
        last = stored(append(&store, many)).position;
    }
    let begun = Instant::now();
    while store.counts().trimmed < 1_800 {
        assert!(begun.elapsed() < PATIENCE);
    }
    drop(store);

    let store = disk.open(unlimited("memory")).expect("it opens");
    assert_eq!(store.channel(&token("42")).map(|known| known.top), last);
    let next = publish(&store, "42", "next").position.expect("it has an event");
    assert_eq!(Some(next.seq()), last.map(|last| last.seq() + 1));
}

#[test]
fn a_channel_that_keeps_nothing_is_forgotten_in_time() {
    let disk = Disk::default();
    let config = unlimited("memory").with_max_events(0).with_forget_after(Some(Duration::ZERO));
    let store = disk.open(config).expect("a new disk");
    for _ in 0..2 {
        let many = (0..1_500).fold(Append::new(token("42")), |append, number| {
            append.with_frame(sse_core::Event::data(number.to_string()).into())
        });
        stored(append(&store, many));
        let begun = Instant::now();
        while store.channel(&token("42")).is_some() {
            assert!(begun.elapsed() < PATIENCE);
        }
    }
    drop(store);

    let store = disk.open(unlimited("memory")).expect("it opens");
    assert_eq!((store.channels(), store.counts().kept_events), (vec![], 0));
}

#[test]
fn silent_channels_are_forgotten_though_nothing_happens() {
    let disk = Disk::default();
    let config = unlimited("memory").with_forget_after(Some(Duration::from_millis(1)));
    let store = disk.open(config).expect("a new disk");
    for number in 0..1_200 {
        store.begin(token(&number.to_string()), |_| {}).expect("there is room");
    }
    let begun = Instant::now();
    while store.counts().trimmed < 1_000 {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert!(store.counts().channels <= 200);
    drop(store);

    let store = disk.open(unlimited("memory")).expect("it opens");
    assert!(store.channels().len() <= 200);
}

#[test]
fn the_oldest_events_of_all_make_room_in_the_index() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_max_index_bytes(20_000);
    let store = disk.open(config()).expect("a new disk");
    for round in 0..40 {
        for channel in ["1", "2", "3"] {
            let many = (0..20).fold(Append::new(token(channel)), |append, number| {
                let text = (round * 20 + number).to_string();
                append.with_frame(sse_core::Event::data(text).into())
            });
            stored(append(&store, many));
        }
    }
    let check = |store: &Store| {
        assert!(store.counts().index_bytes <= 20_000);
        for channel in ["1", "2", "3"] {
            let kept = texts(store, channel);
            assert!((200..800).contains(&kept.len()), "{} are kept", kept.len());
            assert_eq!(kept, numbers(800 - kept.len() as u32..800));
        }
    };
    check(&store);
    drop(store);
    check(&disk.open(config()).expect("it opens"));
}

#[test]
fn channels_that_keep_nothing_cannot_use_up_the_index() {
    let store = Disk::default().open(unlimited("memory").with_max_index_bytes(20_000));
    let store = store.expect("a new disk");
    let refused = (0..200).find_map(|number| {
        let channel = token(&format!("channel {number}"));
        let begun = asked(|done| store.begin(channel, done)).expect("taken");
        match outcome(&begun) {
            Outcome::Refused(refused) => Some(refused),
            _ => None,
        }
    });
    let Some(Refused::IndexFull { bytes, limit: 20_000 }) = refused else {
        panic!("{refused:?}");
    };
    assert!((20_000..21_000).contains(&bytes));
    assert_eq!(publish(&store, "channel 0", "1").position.map(|position| position.seq()), Some(1));
}

#[test]
fn the_index_takes_at_most_16_bytes_an_event() {
    let store = Disk::default().open(unlimited("memory")).expect("a new disk");
    let empty = {
        publish(&store, "42", "1");
        store.counts().index_bytes
    };
    for _ in 0..20 {
        let many = (0..1_000).fold(Append::new(token("42")), |append, _| {
            append.with_frame(sse_core::Event::data("1").into())
        });
        stored(append(&store, many));
    }
    let each = (store.counts().index_bytes - empty) as f64 / 20_000.0;
    assert!((12.0..=16.0).contains(&each), "{each} bytes an event");
}

#[test]
fn of_what_is_not_kept_only_the_last_16_epochs_are_remembered() {
    let dir = tempdir().expect("there is room");
    let mut epochs = Vec::new();
    for seq in 1..=20 {
        let store = Store::open(StoreConfig::new(dir.path())).expect("it opens");
        let position = publish(&store, "42", "1").position.expect("it has an event");
        epochs.push((seq, position.epoch()));
    }
    for (max_events, known) in [(1_000, 0), (18, 2), (2, 4)] {
        let config = StoreConfig::new(dir.path()).with_max_events(max_events);
        let store = Store::open(config).expect("it opens");
        let channel = store.channel(&token("42")).expect("it has events");
        assert_eq!(channel.epochs, epochs[known..], "{max_events}");
    }
}

#[test]
fn nobody_who_reads_meets_a_hole_while_events_are_deleted() {
    let store = Disk::default().open(unlimited("memory").with_max_events(50)).expect("a new disk");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut pages = 0;
            while store.failure().is_none() && (!is_over.load(Ordering::SeqCst) || pages < 10) {
                let page = store.page(&token("42"), 0, 1 << 20).expect("it is whole");
                assert_eq!(page.holes, []);
                let seqs = page.events.iter().map(|event| event.position.seq());
                let first = page.events.first().map_or(0, |event| event.position.seq());
                assert!(seqs.eq((first..).take(page.events.len())));
                pages += 1;
            }
        });
        while store.counts().trimmed < 5_000 {
            let many = (0..25).fold(Append::new(token("42")), |append, number| {
                append.with_frame(sse_core::Event::data(number.to_string()).into())
            });
            stored(append(&store, many));
        }
        is_over.store(true, Ordering::SeqCst);
        reader.join().expect("there was no hole");
    });
}
