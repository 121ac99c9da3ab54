//! Channels that the hub has forgotten, and what it still knows of them.

use std::time::Duration;

use sse_core::{
    channel::Mode,
    event::EventId,
    history::{GapReason, Position, Since, Start, Verdict},
    hub::SubscribeError,
    response::LastEventId,
};

use crate::support::{TOMBSTONE, World, bounded, cost, event, history, quiet, resumed, token};

const AGE: Duration = Duration::from_secs(60);

#[test]
fn a_channel_on_which_nothing_was_ever_published_is_the_same_one_at_each_return() {
    let mut world = aging();
    let listener = world.listen("t");
    let zero = listener.resume().unwrap().anchor();
    drop(listener);

    for _ in 0..10 {
        world.pass(AGE / 2);
        let mut back = world.resume("t", zero.to_string());
        assert_eq!(world.read(&mut back), resumed(zero));
    }
    let first = world.publish("t", "1");
    let mut back = world.resume("t", zero.to_string());

    assert_eq!(position(&first), (1, zero.epoch().as_str().to_owned()));
    assert_eq!(world.read(&mut back), resumed(zero) + &event(&first, "1"));
}

#[test]
fn who_missed_nothing_of_a_channel_that_has_aged_is_told_so_and_its_next_life_goes_on() {
    let mut world = aging();
    let ids = ["1", "2"].map(|data| world.publish("t", data));
    world.pass(AGE);

    let mut back = world.resume("t", &ids[1]);
    assert_eq!(world.read(&mut back), resumed(&ids[1]));
    let next = world.publish("t", "3");
    assert_eq!(world.read(&mut back), event(&next, "3"));
    let (_, epoch) = position(&ids[1]);
    assert_eq!(position(&next), (3, epoch));
}

#[test]
fn the_next_life_goes_on_also_when_someone_else_begins_it() {
    let mut world = aging();
    let old = world.publish("t", "1");
    world.pass(AGE);
    let new = world.publish("t", "2");

    let mut back = world.resume("t", &old);

    assert_eq!(world.read(&mut back), resumed(&old) + &event(&new, "2"));
}

#[test]
fn who_missed_something_of_a_channel_that_has_aged_is_told_how_much() {
    let mut world = aging();
    let ids: Vec<EventId> = (0..5).map(|n| world.publish("t", &n.to_string())).collect();
    world.pass(AGE);

    for (last, missed) in [(3, 1), (0, 4)] {
        let back = world.resume("t", &ids[last]);
        assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Trimmed, Some(missed)));
    }
    world.publish("t", "after");
    let back = world.resume("t", &ids[3]);
    assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Trimmed, Some(1)));
}

#[test]
fn a_place_that_a_forgotten_channel_never_had_is_diverged_and_nothing_is_known_of_it() {
    let mut world = aging();
    let id = world.publish("t", "1");
    let (_, epoch) = position(&id);
    world.pass(AGE);

    for last in [format!("2.{epoch}"), "1.abcdefgh".to_owned(), "0.abcdefgh".to_owned()] {
        let back = world.resume("t", &last);
        assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Diverged, None), "{last}");
    }
    let back = world.resume("t", "no id");
    assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Unknown, None));
}

#[test]
fn what_is_known_of_a_forgotten_channel_ages_as_well() {
    let mut world = aging();
    let id = world.publish("t", "1");
    world.pass(AGE);
    world.hub.expire(world.now);
    let counts = world.counts();
    assert_eq!((counts.channels, counts.tombstones, counts.history_bytes), (0, 1, 1 + TOMBSTONE));

    world.pass(AGE);
    world.hub.expire(world.now);

    let counts = world.counts();
    assert_eq!((counts.channels, counts.tombstones, counts.history_bytes), (0, 0, 0));
    let back = world.resume("t", &id);
    assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Diverged, None));
}

#[test]
fn a_life_that_goes_on_leaves_no_tombstone_behind() {
    let mut world = aging();
    world.publish("t", "1");
    world.pass(AGE);
    world.hub.expire(world.now);
    assert_eq!(world.counts().tombstones, 1);

    let _listener = world.listen("t");

    assert_eq!((world.counts().tombstones, world.counts().history_bytes), (0, 0));
}

#[test]
fn a_channel_that_was_closed_is_over_for_good() {
    let mut world = aging();
    let id = world.publish("t", "1");
    world.close("t");
    assert_eq!(world.counts().tombstones, 0);

    let back = world.resume("t", &id);
    assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Diverged, None));
    drop(back);
    world.hub.expire(world.now);
    world.pass(AGE);
    world.hub.expire(world.now);
    assert_eq!(world.counts().tombstones, 0, "nor does it leave anything for ever");
}

#[test]
fn a_token_that_is_kept_closed_is_a_tombstone_until_its_time_is_over() {
    let ttl = Duration::from_secs(10);
    for config in [quiet(), quiet().with_history(history())] {
        let mut world = World::new(config.with_closed_ttl(Some(ttl)));
        for name in ["a", "bcd"] {
            let _listener = world.listen(name);
            world.close(name);
        }
        let counts = world.counts();
        assert_eq!((counts.channels, counts.tombstones), (0, 2));
        assert_eq!(counts.history_bytes, 1 + 3 + 2 * TOMBSTONE);
        let refused = world.hub.subscribe(&token("a"), world.now).unwrap_err();
        assert_eq!(refused, SubscribeError::Ended);

        world.pass(ttl);
        world.hub.expire(world.now);

        let counts = world.counts();
        assert_eq!((counts.tombstones, counts.history_bytes), (0, 0));
        drop(world.listen("a"));
    }
}

#[test]
fn a_channel_whose_last_listener_was_cut_is_not_begun_anew() {
    let history = history().with_max_events(0);
    let world = World::new(bounded(1_000).with_history(history));
    let mut slow = world.listen("t");
    let zero = slow.resume().unwrap().anchor();
    let ids: Vec<_> = (0..20).map(|_| world.publish("t", "1")).collect();
    assert_eq!(world.hub.listeners(&token("t")), 0, "it is cut");
    world.read_to_end(&mut slow);
    drop(slow);

    let last = world.publish("t", "1");

    assert_eq!(position(&last), (21, zero.epoch().as_str().to_owned()));
    let back = world.resume("t", &ids[19]);
    assert_eq!(told(back.resume().unwrap().verdict()), (GapReason::Trimmed, Some(1)));
    drop(back);
    let back = world.resume("t", &last);
    assert_eq!(back.resume().unwrap().verdict(), &Verdict::Ok);
}

#[test]
fn a_reconnection_time_and_keys_end_with_their_age_also_where_the_place_is_remembered() {
    let mut world =
        World::new(quiet().with_history(history().with_max_age(Some(AGE))).with_mode(Mode::Shared));
    world.hub.set_retry(&token("t"), Duration::from_secs(1), world.now).unwrap().wake();
    assert_eq!(world.counts().channels, 1, "a reconnection time is remembered");
    let mut before = world.listen("t");
    let zero = before.resume().unwrap().anchor();
    assert!(world.read(&mut before).contains("retry: 1000\n"));
    drop(before);
    world.pass(AGE);

    let mut after = world.resume("t", zero.to_string());

    assert_eq!(world.read(&mut after), resumed(zero), "the place stands, with the hub's own time");
}

#[test]
fn a_channel_that_still_remembers_is_not_forgotten_when_its_listener_leaves() {
    let mut world = aging();
    let mut listener = world.listen("t");
    let id = world.publish("t", "1");
    world.read(&mut listener);
    drop(listener);
    assert_eq!((world.counts().channels, world.counts().tombstones), (1, 0));
    assert_eq!(world.counts().history_bytes, cost(&event(&id, "1")));

    world.pass(AGE / 2);
    let mut late = world.listen_since("t", Since::Earliest);
    assert!(world.read(&mut late).ends_with(&event(&id, "1")));
}

#[test]
fn a_channel_that_was_forgotten_can_be_finished_and_who_comes_back_is_told_that_it_is_over() {
    let ttl = Duration::from_secs(10);
    let config = quiet().with_history(history()).with_closed_ttl(Some(ttl));
    let world = World::new(config);
    drop(world.listen("t"));
    assert_eq!((world.counts().channels, world.counts().tombstones), (0, 1));

    world.close("t");

    assert_eq!(world.hub.subscribe(&token("t"), world.now).unwrap_err(), SubscribeError::Ended);
    for n in 0..100 {
        world.close(&n.to_string());
    }
    assert_eq!(world.counts().tombstones, 1, "of what never was nothing is kept");
}

#[test]
fn a_look_at_a_forgotten_channel_says_what_a_listener_would_be_told() {
    let mut world = aging();
    let ids = ["1", "2"].map(|data| world.publish("t", data));
    world.pass(AGE);

    for (id, expected) in [(&ids[1], "ok"), (&ids[0], "gap")] {
        let start = Start::from(LastEventId::new(Some(id.as_str().as_bytes()), None));
        let looked = world.hub.check_subscribe(&token("t"), &start, world.now).unwrap().unwrap();
        let listener = world.hub.subscribe_from(&token("t"), &start, world.now).unwrap();
        assert_eq!(Some(&looked), listener.resume());
        assert_eq!(looked.verdict().as_str(), expected);
    }
}

fn aging() -> World {
    World::remembering(history().with_max_age(Some(AGE)))
}

fn position(id: &EventId) -> (u64, String) {
    let position = Position::parse(id.as_str().as_bytes()).unwrap();
    (position.seq(), position.epoch().as_str().to_owned())
}

fn told(verdict: &Verdict) -> (GapReason, Option<u64>) {
    match verdict {
        Verdict::Gap(gap) => (gap.reason(), gap.missed()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tombstones_that_end_together_are_removed_by_and_by_and_count_for_nothing_meanwhile() {
    let ttl = Duration::from_secs(10);
    let mut world = World::new(quiet().with_history(history()).with_closed_ttl(Some(ttl)));
    for n in 0..1_000 {
        world.publish(&n.to_string(), "1");
        world.close(&n.to_string());
    }
    assert_eq!(world.counts().tombstones, 1_000);

    world.pass(ttl);
    let _listener = world.listen("999");

    let left = world.counts().tombstones;
    assert!((800..1_000).contains(&left), "one caller removes a few: {left}");
    world.hub.expire(world.now);
    assert_eq!(world.counts().tombstones, 0);
}
