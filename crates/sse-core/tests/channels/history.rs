use std::time::Duration;

use sse_core::{
    Hub,
    channel::Mode,
    event::EventId,
    history::{GapReason, Position, Since, Start, Verdict},
    hub::{HubError, SubscribeError},
    id_source::Counter,
    response::LastEventId,
};

use crate::support::{FRAME, World, cost, event, fresh, gap_first, history, quiet, resumed, token};

#[test]
fn events_are_taken_for_nobody_and_found_later() {
    let world = World::new(quiet().with_history(history()).with_mode(Mode::Shared));
    let ids = ["a", "b", "c"].map(|data| world.publish("t", data));

    let mut earliest = world.listen_since("t", Since::Earliest);
    let mut last = world.listen_since("t", Since::Last(1));
    let mut latest = world.listen("t2");

    let zero = Position::parse(ids[0].as_str().as_bytes()).unwrap();
    let zero = format!("0.{}", zero.epoch().as_str());
    let all = event(&ids[0], "a") + &event(&ids[1], "b") + &event(&ids[2], "c");
    assert_eq!(world.read(&mut earliest), fresh(&zero) + &all);
    assert_eq!(world.read(&mut last), fresh(&ids[1]) + &event(&ids[2], "c"));
    let first = world.read(&mut latest);
    assert_eq!(first, fresh(latest.resume().unwrap().anchor()));
    assert!(!first.contains(&zero), "each channel has an epoch of its own");
}

#[test]
fn ids_count_in_each_channel_from_one() {
    let world = World::remembering(history());

    for seq in 1..=3 {
        for name in ["a", "b"] {
            let id = world.publish(name, "x");
            assert_eq!(Position::parse(id.as_str().as_bytes()).unwrap().seq(), seq);
        }
    }
}

#[test]
fn who_comes_back_gets_all_that_it_missed_and_then_what_comes() {
    let world = World::remembering(history());
    let ids: Vec<EventId> = (0..5).map(|n| world.publish("t", &n.to_string())).collect();

    let mut back = world.resume("t", &ids[2]);
    assert_eq!(back.resume().unwrap().verdict(), &Verdict::Ok);
    assert_eq!(back.resume().unwrap().anchor().to_string(), ids[2].as_str());
    let live = world.publish("t", "live");

    let expected = resumed(&ids[2]) + &event(&ids[3], "3") + &event(&ids[4], "4");
    assert_eq!(world.read(&mut back), expected + &event(&live, "live"));
}

#[test]
fn who_missed_nothing_gets_nothing_twice() {
    let world = World::remembering(history());
    let id = world.publish("t", "1");

    let mut back = world.resume("t", &id);

    assert_eq!(world.read(&mut back), resumed(&id));
}

#[test]
fn what_is_trimmed_is_told_with_its_number_and_not_again() {
    let world = World::remembering(history().with_max_events(2));
    let ids: Vec<EventId> = (0..6).map(|n| world.publish("t", &n.to_string())).collect();

    let mut back = world.resume("t", &ids[0]);
    let told = gap_first(&ids[3], "trimmed", &format!("\"{}\"", ids[0]), "3");
    let kept: String = (4..6).map(|n| event(&ids[n], &n.to_string())).collect();
    assert_eq!(world.read(&mut back), told + &kept);
    drop(back);

    let mut again = world.resume("t", &ids[2]);
    assert!(matches!(again.resume().unwrap().verdict(), Verdict::Gap(_)), "the edge is gone");
    drop(again);
    again = world.resume("t", &ids[3]);
    assert_eq!(again.resume().unwrap().verdict(), &Verdict::Ok, "all that follows is there");
}

#[test]
fn ids_of_other_lives_and_of_nobody_are_told_as_gaps() {
    let world = World::remembering(history());
    let id = world.publish("t", "1");
    let epoch = Position::parse(id.as_str().as_bytes()).unwrap().epoch();
    let zero = format!("0.{}", epoch.as_str());
    for (last, reason, requested) in [
        (format!("9.{}", epoch.as_str()), "diverged", true),
        ("1.abcdefgh".to_owned(), "diverged", true),
        ("42".to_owned(), "unknown", true),
        ("x".repeat(64), "unknown", true),
        ("x".repeat(65), "unknown", false),
    ] {
        let mut back = world.resume("t", &last);
        let requested = if requested { format!("\"{last}\"") } else { "null".to_owned() };
        let told = gap_first(&zero, reason, &requested, "null");
        assert_eq!(world.read(&mut back), told + &event(&id, "1"), "{last}");
    }
}

#[test]
fn a_channel_that_is_closed_begins_another_life() {
    let world = World::remembering(history());
    let before = world.publish("t", "1");
    world.close("t");
    assert_eq!(world.hub.counts().channels, 0);
    let after = world.publish("t", "1");

    assert_ne!(before, after);
    let mut back = world.resume("t", &before);
    assert!(world.read(&mut back).contains("\"diverged\""));
}

#[test]
fn the_seed_parts_two_processes() {
    let worlds = [1, 2].map(|seed| World::remembering(sse_core::history::History::new(seed)));
    let [one, other] = worlds.each_ref().map(|world| world.publish("t", "1"));

    assert_ne!(one, other);
}

#[test]
fn a_reconnection_time_is_no_event_and_is_told_to_who_comes_later() {
    let actions = sse_core::action::ActionSet::default();
    let actions = actions.with_action("retry", sse_core::action::Action::Retry).unwrap();
    let config = quiet().with_history(history()).with_actions(actions);
    let world = World::new(config.with_mode(Mode::Shared));
    let first = world.publish("t", "1");
    let mut early = world.resume("t", &first);
    for millis in [b"1000".as_slice(), b"2000"] {
        world.hub.publish(&token("t"), "retry", millis, world.now).unwrap().wake();
    }
    let second = world.publish("t", "2");

    let mut late = world.listen_since("t", Since::Earliest);

    let asides = "retry: 1000\n\nretry: 2000\n\n";
    assert_eq!(world.read(&mut early), resumed(&first) + asides + &event(&second, "2"));
    let zero = late.resume().unwrap().anchor();
    let both = event(&first, "1") + &event(&second, "2");
    assert_eq!(world.read(&mut late), fresh(zero).replace("3000", "2000") + &both);
}

#[test]
fn the_first_block_says_the_reconnection_time_that_the_hub_is_configured_with() {
    let config = quiet().with_history(history()).with_retry(Duration::from_secs(5));
    let world = World::new(config);
    let mut listener = world.listen("t");

    let zero = listener.resume().unwrap().anchor();
    assert_eq!(world.read(&mut listener), fresh(zero).replace("3000", "5000"));
}

#[test]
fn a_reconnection_time_is_told_without_history_too_while_someone_listens() {
    let actions = sse_core::action::ActionSet::default();
    let actions = actions.with_action("retry", sse_core::action::Action::Retry).unwrap();
    let world = World::new(quiet().with_actions(actions).with_mode(Mode::Shared));
    let _first = world.listen("t");
    world.hub.publish(&token("t"), "retry", b"250", world.now).unwrap().wake();

    let mut second = world.hub.subscribe(&token("t"), world.now).unwrap();
    let mut other = world.hub.subscribe(&token("u"), world.now).unwrap();

    assert_eq!(world.read(&mut second), "event: sse.open\nretry: 250\ndata: {}\n\n");
    assert_eq!(world.read(&mut other), "event: sse.open\nretry: 3000\ndata: {}\n\n");
}

#[test]
fn the_greeting_can_be_a_comment_but_not_with_history() {
    let world = World::new(quiet().with_greeting(false));
    let mut listener = world.hub.subscribe(&token("t"), world.now).unwrap();
    world.post("t", "1").wake();
    assert_eq!(world.read(&mut listener), ":\n\nevent: ping\ndata: 1\n\n");

    let refused = Hub::try_new(quiet().with_history(history()).with_greeting(false));
    assert_eq!(refused.unwrap_err(), HubError::Greeting);
}

#[test]
fn as_many_events_are_replayed_as_are_promised() {
    for promised in [0, 1, 2, 100] {
        let world = World::remembering(history().with_max_events(promised));
        let ids: Vec<EventId> = (0..300).map(|_| world.publish("t", "1")).collect();

        for (since, expected) in
            [(Since::Earliest, promised), (Since::Last(200), promised), (Since::Last(1), 1)]
        {
            let mut late = world.listen_since("t", since);
            let replayed = world.read(&mut late).matches("event: ping").count();
            assert_eq!(replayed, expected.min(promised), "{since:?} of {promised}");
        }
        let mut back = world.resume("t", &ids[299 - promised]);
        assert_eq!(back.resume().unwrap().verdict(), &Verdict::Ok, "all that follows is there");
        assert_eq!(world.read(&mut back).matches("event: ping").count(), promised);
        drop(back);
        let before = world.resume("t", &ids[298 - promised]);
        assert!(matches!(before.resume().unwrap().verdict(), Verdict::Gap(_)), "{promised}");
    }
}

#[test]
fn bytes_bound_what_is_remembered() {
    let world = World::remembering(history().with_max_bytes(3_000));
    let ids: Vec<EventId> = (0..100).map(|_| world.publish("t", &"x".repeat(500))).collect();

    let kept: String = ids[96..].iter().map(|id| event(id, &"x".repeat(500))).collect();
    assert_eq!(world.counts().history_bytes, kept.len() + 4 * FRAME, "one more would be too much");
    let mut back = world.resume("t", &ids[95]);
    assert_eq!(world.read(&mut back), resumed(&ids[95]) + &kept);
}

#[test]
fn an_event_that_is_larger_than_the_history_is_delivered_and_not_remembered() {
    let world = World::new(quiet().with_history(history().with_max_bytes(1_000)));
    let mut listener = world.listen("t");
    world.read(&mut listener);
    let long = "x".repeat(1_000);
    let ids = ["1", long.as_str(), "3"].map(|data| world.publish("t", data));

    let all = event(&ids[0], "1") + &event(&ids[1], &long) + &event(&ids[2], "3");
    assert_eq!(world.read(&mut listener), all);
    drop(listener);
    assert_eq!(world.counts().history_bytes, cost(&event(&ids[2], "3")));
    let back = world.resume("t", &ids[0]);
    let Verdict::Gap(gap) = back.resume().unwrap().verdict() else {
        panic!("the second is gone");
    };
    assert_eq!((gap.reason(), gap.missed()), (GapReason::Trimmed, Some(1)));
}

#[test]
fn age_bounds_what_is_remembered_and_a_channel_without_any_is_gone() {
    let age = Duration::from_secs(60);
    let mut world = World::remembering(history().with_max_age(Some(age)));
    let old = world.publish("t", "old");
    world.pass(age / 2);
    let young = world.publish("t", "young");
    world.pass(age / 2);

    let mut back = world.resume("t", &old);
    assert_eq!(world.read(&mut back), resumed(&old) + &event(&young, "young"));
    drop(back);
    assert_eq!(world.counts().channels, 1);
    assert_eq!(world.counts().history_bytes, cost(&event(&young, "young")));
    world.pass(age / 2);
    world.hub.expire(world.now);

    let counts = world.counts();
    assert_eq!((counts.channels, counts.tombstones), (0, 1), "its place is remembered");
}

#[test]
fn a_silent_channel_with_a_listener_keeps_its_life_when_its_events_are_over_age() {
    let mut world = World::remembering(history());
    let mut listener = world.listen("t");
    let first = world.publish("t", "1");
    world.pass(Duration::from_secs(10_000));
    world.hub.expire(world.now);
    let second = world.publish("t", "2");

    let read = world.read(&mut listener);
    assert!(read.ends_with(&(event(&first, "1") + &event(&second, "2"))), "{read}");
    drop(listener);
    assert_eq!(world.resume("t", &first).resume().unwrap().verdict(), &Verdict::Ok);
}

#[test]
fn a_channel_that_nobody_published_to_is_gone_with_its_listener() {
    let world = World::remembering(history());

    drop(world.listen("t"));

    assert_eq!((world.counts().channels, world.counts().tombstones), (0, 1));
}

#[test]
fn without_history_nothing_of_it_is_said() {
    let world = World::new(quiet().with_ids(Counter::default()));
    let mut listener = world.resume("t", "0");
    world.post("t", "1").wake();

    assert!(listener.resume().is_none());
    let open = "event: sse.open\nretry: 3000\ndata: {}\n\n";
    assert_eq!(world.read(&mut listener), format!("{open}event: ping\ndata: 1\nid: 0\n\n"));
}

#[test]
fn history_and_an_id_source_are_refused_together() {
    let config = quiet().with_history(history()).with_ids(Counter::default());

    assert_eq!(Hub::try_new(config).unwrap_err(), HubError::Ids);
}

#[test]
fn a_look_at_a_channel_says_what_a_listener_would_be_told() {
    let world = World::remembering(history());
    let start = Start::from(LastEventId::new(Some(b"1.abcdefgh"), None));
    assert_eq!(world.hub.check_subscribe(&token("t"), &start, world.now), Ok(None));
    world.publish("t", "1");

    let resume = world.hub.check_subscribe(&token("t"), &start, world.now).unwrap().unwrap();
    assert_eq!(resume.verdict().as_str(), "gap");

    let _listener = world.listen("t");
    let taken = world.hub.check_subscribe(&token("t"), &start, world.now);
    assert_eq!(taken, Err(SubscribeError::Taken));
}
