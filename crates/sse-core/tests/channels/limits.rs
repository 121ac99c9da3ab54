use std::time::Duration;

use sse_core::{
    Event,
    channel::Mode,
    history::Verdict,
    hub::{HubLimit, PublishError, SubscribeError},
};

use crate::support::{World, bounded, history, ping, quiet, token};

#[test]
fn listeners_beyond_a_limit_are_refused_and_counted_and_nobody_is_evicted() {
    let config = quiet().with_mode(Mode::Shared);
    let world = World::new(config.with_max_listeners(3).with_max_channel_listeners(2));
    let mut crowd = vec![world.listen("a"), world.listen("a")];

    let full = world.hub.subscribe(&token("a"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::ChannelListeners, max: 2 });
    crowd.push(world.listen("b"));
    let full = world.hub.subscribe(&token("c"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Listeners, max: 3 });
    assert_eq!(full.to_string(), "there may be no more than 3 listeners");

    let counts = world.hub.counts();
    assert_eq!((counts.channels, counts.listeners), (2, 3));
    assert_eq!(counts.refused(HubLimit::ChannelListeners), 1);
    assert_eq!(counts.refused(HubLimit::Listeners), 1);
    assert_eq!(world.post("a", "1").listeners(), 2);
    crowd.pop();
    assert_eq!(world.hub.counts().listeners, 2, "the place is free again");
    drop(world.listen("c"));
}

#[test]
fn channels_beyond_their_limit_are_refused_and_counted() {
    let world = World::new(quiet().with_max_channels(2));
    let _two = [world.listen("a"), world.listen("b")];

    let full = world.hub.subscribe(&token("c"), world.now).unwrap_err();

    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Channels, max: 2 });
    assert_eq!(world.hub.counts().refused(HubLimit::Channels), 1);
    assert_eq!(world.hub.subscribe(&token("a"), world.now).unwrap_err(), SubscribeError::Taken);
}

#[test]
fn channels_that_nobody_listens_on_give_way_to_others() {
    let mut world = World::new(quiet().with_history(history()).with_max_channels(3));
    let listener = world.listen("heard");
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(world.publish(&n.to_string(), "1"));
        world.pass(Duration::from_secs(1));
        assert!(world.counts().channels <= 3);
    }

    let counts = world.counts();
    assert_eq!((counts.channels, counts.tombstones), (3, 18));
    assert_eq!(counts.refused(HubLimit::Channels), 0);
    let mut there = world.hub.channels();
    there.sort_by(|one, other| one.token.cmp(&other.token));
    let there: Vec<_> = there.iter().map(|channel| channel.token.as_str()).collect();
    assert_eq!(there, ["18", "19", "heard"], "the oldest went");
    for (n, id) in ids.iter().enumerate() {
        let back = world.resume(&n.to_string(), id);
        assert_eq!(back.resume().unwrap().verdict(), &Verdict::Ok, "{n} has missed nothing");
    }
    assert_eq!(world.hub.listeners(&token("heard")), 1);
    drop(listener);
}

#[test]
fn the_channel_that_was_used_longest_ago_gives_way() {
    let mut world = World::new(quiet().with_history(history()).with_max_channels(2));
    world.publish("a", "1");
    world.pass(Duration::from_secs(1));
    world.publish("b", "1");
    world.pass(Duration::from_secs(1));
    world.publish("a", "2");
    world.pass(Duration::from_secs(1));

    let _newcomer = world.listen("c");

    let mut there: Vec<_> = world.hub.channels().into_iter().map(|channel| channel.token).collect();
    there.sort();
    assert_eq!(there, [token("a"), token("c")]);
}

#[test]
fn where_all_channels_are_listened_on_nobody_gives_way() {
    let world = World::new(quiet().with_history(history()).with_max_channels(2));
    let _two = [world.listen("a"), world.listen("b")];
    let full = PublishError::Limit { limit: HubLimit::Channels, max: 2 };

    let refused = world.hub.publish(&token("c"), "ping", b"1", world.now).unwrap_err();
    assert_eq!(refused, full);
    let refused = world.hub.send(&token("c"), Event::data("1"), world.now).unwrap_err();
    assert_eq!(refused, full);

    assert_eq!(world.counts().refused(HubLimit::Channels), 2);
    world.publish("a", "1");
}

#[test]
fn a_listener_that_is_cut_makes_room_for_another_on_its_channel_at_once() {
    let config = bounded(1_000).with_mode(Mode::Shared).with_max_channel_listeners(1);
    let world = World::new(config.with_max_listeners(2));
    let _cut = world.listen("t");
    while world.hub.listeners(&token("t")) == 1 {
        world.post("t", "1").wake();
    }
    assert_eq!((world.counts().listeners, world.counts().leaving), (0, 1));

    let mut other = world.listen("t");

    assert_eq!(world.post("t", "2").listeners(), 1);
    assert_eq!(world.read(&mut other), ping("2"));
    let full = world.hub.subscribe(&token("u"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Listeners, max: 2 });
}

#[test]
fn a_full_hub_says_what_is_taken_and_what_is_over_before_it_says_that_it_is_full() {
    let config = quiet().with_closed_ttl(Some(Duration::from_secs(10)));
    let world = World::new(config.with_max_listeners(2));
    let over = world.listen("over");
    world.close("over");
    let _taken = world.listen("taken");

    let refused = ["taken", "over", "free"]
        .map(|name| world.hub.subscribe(&token(name), world.now).unwrap_err());

    let full = SubscribeError::Limit { limit: HubLimit::Listeners, max: 2 };
    assert_eq!(refused, [SubscribeError::Taken, SubscribeError::Ended, full]);
    assert_eq!(world.counts().refused(HubLimit::Listeners), 1);
    drop(over);
}

#[test]
fn listeners_of_a_channel_that_was_closed_count_while_their_connections_live() {
    let world = World::new(quiet().with_max_listeners(1));
    let ending = world.listen("t");
    world.close("t");
    assert_eq!((world.counts().listeners, world.counts().leaving), (0, 1));

    let full = world.hub.subscribe(&token("t"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Listeners, max: 1 });
    drop(ending);
    drop(world.listen("t"));
}

#[test]
fn limits_of_nothing_refuse_everything_and_hold_nothing() {
    for (config, expected) in [
        (quiet().with_max_channels(0), None),
        (quiet().with_max_listeners(0), None),
        (quiet().with_max_channel_listeners(0), None),
        (quiet().with_max_log_bytes(0), Some(0)),
        (quiet().with_max_total_bytes(0), Some(0)),
        (quiet().with_max_batch(0), Some(0)),
        (quiet().with_max_history_bytes(0), Some(1)),
    ] {
        for config in [config.clone(), config.with_history(history())] {
            let world = World::new(config);
            let listener = world.hub.subscribe(&token("t"), world.now);
            assert_eq!(listener.is_ok(), expected.is_some());
            if listener.is_err() {
                let counts = world.counts();
                assert_eq!((counts.channels, counts.tombstones), (0, 0), "it has never been");
            }
            let published = world.hub.publish(&token("t"), "ping", b"1", world.now);
            if let Some(published_to) = expected {
                assert_eq!(usize::from(published.is_ok()), published_to);
            }
            drop(world.batch("t", "1\n2"));
            drop(world.hub.send(&token("u"), Event::data("1"), world.now));
            world.counts();
        }
    }
}

#[test]
fn a_mode_a_limit_or_an_end_that_refuses_a_listener_leaves_no_channel_behind() {
    for config in [quiet(), quiet().with_history(history())] {
        let world = World::new(config.with_max_listeners(1).with_max_channel_listeners(1));
        let _one = world.listen("t");

        for name in ["t", "u", "v"] {
            world.hub.subscribe(&token(name), world.now).unwrap_err();
        }

        assert_eq!((world.counts().channels, world.counts().tombstones), (1, 0));
    }
}

#[test]
fn a_lower_limit_refuses_newcomers_and_cuts_nobody_and_a_higher_one_lets_them_in() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let hub = &world.hub;
    let mut crowd = [world.listen("a"), world.listen("a"), world.listen("b")];

    hub.set_max_channel_listeners(1);
    let full = hub.subscribe(&token("a"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::ChannelListeners, max: 1 });
    hub.set_max_channels(1);
    let full = hub.subscribe(&token("c"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Channels, max: 1 });
    hub.set_max_listeners(2);
    let full = hub.subscribe(&token("b"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: HubLimit::Listeners, max: 2 });

    assert_eq!(world.post("a", "1").listeners() + world.post("b", "1").listeners(), 3);
    assert!(crowd.iter_mut().all(|listener| world.read(listener).contains("data: 1")));
    hub.set_max_channel_listeners(3);
    hub.set_max_channels(2);
    hub.set_max_listeners(4);
    drop(world.listen("a"));
}

#[test]
fn a_lower_limit_of_channels_lets_those_give_way_that_nobody_listens_on() {
    let mut world = World::new(quiet().with_history(history()));
    let _heard = world.listen("heard");
    for n in 0..20 {
        world.publish(&n.to_string(), "1");
        world.pass(Duration::from_secs(1));
    }

    world.hub.set_max_channels(3);
    assert_eq!(world.counts().channels, 21, "nothing gives way before a newcomer");
    let _newcomer = world.listen("newcomer");

    assert_eq!(world.counts().channels, 3);
    assert_eq!(world.hub.listeners(&token("heard")), 1);
}
