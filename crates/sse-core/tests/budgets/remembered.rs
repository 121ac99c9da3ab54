//! What is held for those who come back: windows, keys, and the places of forgotten channels.

use std::time::Duration;

use sse_core::{
    channel::{IdempotencyKey, Mode, Output},
    history::{History, Since, Start, Verdict},
    hub::Post,
};

use crate::support::{FRAME, TOMBSTONE, World, quiet, token};

#[test]
fn a_full_history_refuses_nothing_and_is_never_fuller_than_full() {
    let config = quiet().with_history(History::new(1)).with_max_history_bytes(100_000);
    let world = World::new(config);
    let mut listeners: Vec<_> = (0..4).map(|n| world.listen(&n.to_string())).collect();

    for n in 0..400 {
        world.publish(&(n % 4).to_string(), 1_000);
        assert!(world.counts().history_bytes <= 100_000, "after {n}");
        listeners.iter_mut().for_each(|listener| {
            world.read(listener);
        });
    }

    let counts = world.counts();
    assert_eq!((counts.published, counts.overruns, counts.channels), (400, 0, 4));
    assert!(40_000 < counts.history_bytes, "no more is forgotten than has to be: {counts:?}");
}

#[test]
fn the_largest_window_shrinks_by_half_listened_to_or_not_and_its_reader_is_told() {
    for is_heard in [false, true] {
        let config = quiet().with_history(History::new(1)).with_max_history_bytes(100_000);
        let world = World::new(config.with_mode(Mode::Shared));
        let _listener = is_heard.then(|| world.listen("large"));
        let small: Vec<_> = (0..20).map(|_| world.publish_id("small", 1_000)).collect();
        let mut large = Vec::new();
        let mut before = world.counts().history_bytes;
        loop {
            large.push(world.publish_id("large", 1_000));
            let now = world.counts().history_bytes;
            if now < before {
                break;
            }
            before = now;
        }

        assert_eq!(world.verdict("small", &small[0]), Verdict::Ok, "is heard: {is_heard}");
        let Verdict::Gap(gap) = world.verdict("large", &large[0]) else {
            panic!("the oldest half of it is gone");
        };
        let missed = usize::try_from(gap.missed().unwrap()).unwrap();
        let held = large.len() - missed - 1;
        assert!(held.abs_diff(large.len() / 2) <= 2, "{held} of {}", large.len());
        assert_eq!(world.verdict("large", &large[missed]), Verdict::Ok, "and no more of it");
    }
}

#[test]
fn one_event_that_is_larger_than_all_histories_may_be_is_delivered_and_forgotten() {
    let config = quiet().with_history(History::new(1)).with_max_history_bytes(10_000);
    let world = World::new(config);
    let mut listener = world.listen("t");
    world.read(&mut listener);

    let id = world.publish_id("t", 20_000);

    assert!(world.counts().history_bytes <= 10_000);
    assert!(20_000 < world.read(&mut listener));
    drop(listener);
    assert!(world.counts().history_bytes <= 10_000);
    assert_eq!(world.verdict("t", &id), Verdict::Ok, "its place is known");
    let mut late = world
        .hub
        .subscribe_from(&token("t"), &Start::default().with_since(Since::Earliest), world.now)
        .unwrap();
    assert!(world.read(&mut late) < 200, "there is nothing to replay");
}

#[test]
fn without_any_room_for_history_everything_is_still_delivered() {
    for max in [0, 1, 200] {
        let config = quiet().with_history(History::new(1)).with_max_history_bytes(max);
        let world = World::new(config);
        let mut listener = world.listen("t");
        world.read(&mut listener);
        for name in ["t", "nobody", "t"] {
            world.publish(name, 1_000);
            assert!(world.counts().history_bytes <= max, "{max}");
        }
        assert!(2_000 < world.read(&mut listener), "{max}");
    }
}

#[test]
fn tombstones_are_100_000_at_most_and_the_oldest_go_first() {
    let mut world = World::new(quiet().with_history(History::new(1).with_max_events(0)));
    let first = world.publish_id("first", 1);
    world.now += Duration::from_millis(1);
    let second = world.publish_id("second", 1);
    for n in 0..99_999 {
        world.now += Duration::from_nanos(10);
        world.publish(&n.to_string(), 1);
    }

    assert_eq!((world.counts().channels, world.counts().tombstones), (0, 100_000));
    assert_eq!(world.verdict("second", &second), Verdict::Ok);
    assert!(matches!(world.verdict("first", &first), Verdict::Gap(_)));
}

#[test]
fn tombstones_of_channels_that_nobody_published_to_go_before_the_others() {
    let room = 10 * (2 + TOMBSTONE);
    let config = quiet().with_history(History::new(1).with_max_events(0));
    let world = World::new(config.with_max_history_bytes(room));
    let published: Vec<_> =
        (10..15).map(|n| (n.to_string(), world.publish_id(&n.to_string(), 1))).collect();

    for n in 20..40 {
        drop(world.listen(&n.to_string()));
        assert!(world.counts().history_bytes <= room);
    }

    assert!(5 <= world.counts().tombstones && world.counts().tombstones <= 10);
    for (name, id) in &published {
        assert_eq!(world.verdict(name, id), Verdict::Ok, "{name}");
    }
}

#[test]
fn windows_shrink_before_tombstones_go() {
    let config = quiet().with_history(History::new(1).with_max_events(10));
    let world = World::new(config.with_max_channels(1).with_max_history_bytes(10_000));
    let id = world.publish_id("old", 1);

    for n in 0..50 {
        world.publish("new", 1_000);
        assert!(world.counts().history_bytes <= 10_000, "after {n}");
    }

    assert_eq!(world.counts().tombstones, 1);
    assert_eq!(world.verdict("old", &id), Verdict::Ok);
}

#[test]
fn keys_are_bounded_by_their_bytes_in_each_channel_and_count_as_history() {
    let max = 100 * (4 + 128);
    let history = History::new(1).with_max_events(0).with_max_key_bytes(max);
    let world = World::new(quiet().with_history(history));

    for n in 1_000..2_000 {
        let key = IdempotencyKey::try_from(n.to_string().as_bytes()).unwrap();
        let post = Post::new("ping", b"1").with_key(key);
        world.hub.post(&token("t"), &post, world.now).unwrap().wake();
        assert!(world.counts().history_bytes <= max);
    }

    assert_eq!(world.counts().history_bytes, max);
}

#[test]
fn keys_give_way_to_the_budget_of_all_histories_where_there_are_no_events() {
    let max = 10 * (4 + 128);
    let config = quiet().with_history(History::new(1).with_max_events(0));
    let world = World::new(config.with_max_history_bytes(max));

    for n in 1_000..1_100 {
        let key = IdempotencyKey::try_from(n.to_string().as_bytes()).unwrap();
        let post = Post::new("ping", b"1").with_key(key);
        world.hub.post(&token("t"), &post, world.now).unwrap().wake();
        assert!(world.counts().history_bytes <= max, "after {n}");
    }
}

#[test]
fn no_window_shrinks_while_another_is_more_than_twice_as_large() {
    let config = quiet().with_history(History::new(1)).with_max_history_bytes(100_000);
    let world = World::new(config);
    let slowly: Vec<_> = (0..60).map(|_| world.publish_id("slowly", 1_000)).collect();
    let at_once = world.publish_id("at once", 20_000);

    world.publish("last", 12_000);

    assert!(matches!(world.verdict("slowly", &slowly[0]), Verdict::Gap(_)), "the larger one");
    let mut late = world
        .hub
        .subscribe_from(&token("at once"), &Start::default().with_since(Since::Earliest), world.now)
        .unwrap();
    assert!(20_000 < world.read(&mut late), "the smaller one is whole");
    drop(late);
    assert_eq!(world.verdict("at once", &at_once), Verdict::Ok);
}

#[test]
fn who_reads_a_window_that_shrinks_meanwhile_reads_all_of_it() {
    let config = quiet().with_history(History::new(1)).with_max_history_bytes(300_000);
    let world = World::new(config);
    for _ in 0..200 {
        world.publish("t", 1_000);
    }
    let start = Start::default().with_since(Since::Earliest);
    let mut late = world.hub.subscribe_from(&token("t"), &start, world.now).unwrap();
    let held = world.counts().history_bytes;

    for n in 0..10 {
        world.publish(&n.to_string(), 30_000);
    }

    let counts = world.counts();
    assert!(counts.history_bytes <= 300_000 && 0 < counts.unread_bytes, "{counts:?}");
    assert!(held - 200 * FRAME < world.read(&mut late), "nothing of it is lost");
    assert_eq!(world.end(&mut late), Output::Wait { until: None });
    assert_eq!(world.counts().unread_bytes, 0);
}
