use std::time::{Duration, SystemTime};

use sse_redb::{Outcome, Refused, Store};
use tempfile::tempdir;

use crate::support::{
    append, asked, data, events, outcome, publication, publish, stored, token, unlimited,
};

#[test]
fn events_keep_their_bytes_and_positions_and_go_on_in_another_epoch() {
    let dir = tempdir().expect("there is room");
    let mut seen = Vec::new();
    for start in 0..4 {
        let store = Store::open(unlimited(dir.path())).expect("it opens");
        assert_eq!(events(&store, "42"), seen);

        for number in 0..30 {
            let text = format!("{start} {number}");
            let stored = publish(&store, "42", &text);
            let [event] = &stored.events[..] else { panic!("{stored:?}") };
            assert_eq!(event.position.seq(), seen.len() as u64 + 1);
            assert_eq!(data(event), text);
            let id = format!("id: {}\n", event.position);
            assert!(str::from_utf8(event.frame.as_bytes()).is_ok_and(|text| text.contains(&id)));
            seen.extend(stored.events);
        }
        assert_eq!(events(&store, "42"), seen);
        let known = store.channel(&token("42")).expect("it has events");
        assert_eq!((known.top, known.first), (seen[seen.len() - 1].position, 1));
        let begins = known.epochs.iter().map(|&(first, _)| first);
        assert!(begins.eq((0..=start).map(|start| if start == 0 { 0 } else { start * 30 + 1 })));
        let same_life = seen.iter().filter(|event| event.position.epoch() == known.top.epoch());
        assert_eq!(same_life.count(), 30);
    }
}

#[test]
fn position_0_of_a_silent_channel_survives() {
    let dir = tempdir().expect("there is room");
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let begun = outcome(&asked(|done| store.begin(token("silent"), done)).expect("taken"));
    let position = stored(begun).position.expect("it has a position");
    assert_eq!(position.seq(), 0);
    drop(store);

    let store = Store::open(unlimited(dir.path())).expect("it opens");
    assert_eq!(store.channel(&token("silent")).map(|known| known.top), Some(position));
    let again = outcome(&asked(|done| store.begin(token("silent"), done)).expect("taken"));
    assert_eq!(stored(again).position, Some(position));
    let first = publish(&store, "silent", "1").position.expect("it has a position");
    assert_eq!(first.seq(), 1);
    let known = store.channel(&token("silent")).expect("it has an event");
    assert_eq!(known.epochs, [(0, position.epoch()), (1, first.epoch())]);
}

#[test]
fn a_reconnection_time_survives_with_and_without_events() {
    let dir = tempdir().expect("there is room");
    let retry = Duration::from_millis(2_500);
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    publish(&store, "42", "1");
    let bare = sse_redb::Append::new(token("42")).with_retry(retry);
    stored(append(&store, bare));
    stored(append(&store, publication("43", "1").with_retry(retry)));
    drop(store);

    let store = Store::open(unlimited(dir.path())).expect("it opens");
    for channel in ["42", "43"] {
        let known = store.channel(&token(channel)).expect("it has an event");
        assert_eq!((known.retry, known.top.seq()), (Some(retry), 1), "{channel}");
    }
}

#[test]
fn a_key_answers_with_the_first_position_also_after_a_restart() {
    let dir = tempdir().expect("there is room");
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let keyed = || publication("42", "once").with_key("order", 7);
    let first = stored(append(&store, keyed()));
    publish(&store, "42", "between");
    let other = || publication("42", "other").with_key("order", 8);
    let reused = Outcome::Refused(Refused::KeyReused { key: "order".into() });

    let again = stored(append(&store, keyed()));
    assert_eq!((again.position, again.is_duplicate), (first.position, true));
    assert_eq!(append(&store, other()), reused);
    drop(store);

    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let again = stored(append(&store, keyed()));
    assert_eq!((again.position, again.is_duplicate), (first.position, true));
    assert_eq!(append(&store, other()), reused);
    assert_eq!(events(&store, "42").len(), 2);
    let elsewhere = stored(append(&store, publication("43", "once").with_key("order", 7)));
    assert!(!elsewhere.is_duplicate);
    drop(store);

    let forgetful = unlimited(dir.path()).with_key_window(Duration::ZERO);
    let store = Store::open(forgetful).expect("it opens");
    assert!(!stored(append(&store, other())).is_duplicate);
}

#[test]
fn keys_beyond_their_bytes_are_forgotten_oldest_first() {
    let dir = tempdir().expect("there is room");
    let config = || unlimited(dir.path()).with_max_key_bytes(3 * 200);
    let store = Store::open(config()).expect("it opens");
    for number in 0..5 {
        let key = format!("key {number}..");
        stored(append(&store, publication("42", "1").with_key(key, number)));
    }
    let is_known = |store: &Store, number: u64| {
        let other = publication("42", "2").with_key(format!("key {number}.."), number + 1);
        matches!(append(store, other), Outcome::Refused(Refused::KeyReused { .. }))
    };

    assert!((2..5).all(|number| is_known(&store, number)));
    drop(store);
    let store = Store::open(config()).expect("it opens");
    assert!((2..5).all(|number| is_known(&store, number)));
    assert!(!is_known(&store, 1));
}

#[test]
fn a_finished_channel_takes_nothing_until_its_name_is_free() {
    let dir = tempdir().expect("there is room");
    let until = SystemTime::now() + Duration::from_secs(3_600);
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let last = publish(&store, "42", "1").position;
    stored(append(&store, publication("42", "2").with_key("order", 7)));
    let finish = |store: &Store, until| {
        outcome(&asked(|done| store.finish(token("42"), until, done)).expect("taken"))
    };
    let end = stored(finish(&store, Some(until))).position.expect("it had events");
    assert_eq!((end.seq(), Some(end.epoch())), (2, last.map(|last| last.epoch())));
    drop(store);

    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let begun = asked(|done| store.begin(token("42"), done)).expect("taken");
    for refused in [append(&store, publication("42", "3")), finish(&store, None), outcome(&begun)] {
        assert!(matches!(refused, Outcome::Refused(Refused::Finished { .. })), "{refused:?}");
    }
    assert_eq!(events(&store, "42"), []);
    let known = store.channel(&token("42")).expect("it is remembered");
    let millis = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).map(|at| at.as_millis()).ok()
    };
    assert_eq!(known.finished.map(millis), Some(millis(until)));
}

#[test]
fn what_comes_after_the_end_of_a_channel_is_another_life() {
    let dir = tempdir().expect("there is room");
    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let before = stored(append(&store, publication("42", "1").with_key("order", 7)));
    stored(outcome(&asked(|done| store.finish(token("42"), None, done)).expect("taken")));
    assert_eq!(store.channel(&token("42")), None);
    assert_eq!(store.channels(), []);

    let after = stored(append(&store, publication("42", "2").with_key("order", 8)));
    let (before, after) = (before.position.expect("1"), after.position.expect("1"));
    assert_eq!((before.seq(), after.seq()), (1, 1));
    assert_ne!(before.epoch(), after.epoch());
    drop(store);

    let store = Store::open(unlimited(dir.path())).expect("it opens");
    let kept = events(&store, "42");
    assert_eq!(kept.iter().map(data).collect::<Vec<_>>(), ["2"]);
    assert_eq!(kept[0].position, after);
    assert_eq!(store.channel(&token("42")).map(|known| known.epochs.len()), Some(1));
}
