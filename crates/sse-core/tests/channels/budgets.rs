use std::time::Duration;

use sse_core::{Limit, Mode, PublishError, SubscribeError, Verdict};

use crate::support::{World, history, quiet, token};

#[test]
fn listeners_beyond_a_limit_are_refused_and_counted_and_nobody_is_evicted() {
    let config = quiet().with_mode(Mode::Shared);
    let world = World::new(config.with_max_listeners(3).with_max_channel_listeners(2));
    let mut crowd = vec![world.listen("a"), world.listen("a")];

    let full = world.hub.subscribe(&token("a"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: Limit::ChannelListeners, max: 2 });
    crowd.push(world.listen("b"));
    let full = world.hub.subscribe(&token("c"), world.now).unwrap_err();
    assert_eq!(full, SubscribeError::Limit { limit: Limit::Listeners, max: 3 });
    assert_eq!(full.to_string(), "there may be no more than 3 listeners");

    let counts = world.hub.counts();
    assert_eq!((counts.channels, counts.listeners), (2, 3));
    assert_eq!(counts.refused(Limit::ChannelListeners), 1);
    assert_eq!(counts.refused(Limit::Listeners), 1);
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

    assert_eq!(full, SubscribeError::Limit { limit: Limit::Channels, max: 2 });
    assert_eq!(world.hub.counts().refused(Limit::Channels), 1);
    assert_eq!(world.hub.subscribe(&token("a"), world.now).unwrap_err(), SubscribeError::Taken);
}

#[test]
fn channels_that_only_remember_count_too() {
    let world = World::new(quiet().with_history(history()).with_max_channels(2));
    world.publish("a", "1");
    world.publish("b", "1");

    let full = world.hub.publish(&token("c"), "ping", b"1", world.now).unwrap_err();

    assert_eq!(full, PublishError::Limit { limit: Limit::Channels, max: 2 });
    assert_eq!(world.hub.counts().refused(Limit::Channels), 1);
    world.publish("a", "2");
}

#[test]
fn the_oldest_histories_that_nobody_listens_to_go_first() {
    let mut world = World::new(quiet().with_history(history()).with_max_history_bytes(11_000));
    let heard = world.listen("heard");
    let body = "x".repeat(1_000);
    let mut ids = Vec::new();
    for name in ["heard", "first", "second", "third", "fourth", "fifth", "sixth", "seventh"] {
        ids.push(world.publish(name, &body));
        world.pass(Duration::from_secs(1));
    }
    world.publish("first", &body);
    assert_eq!(world.hub.counts().channels, 8);

    world.publish("eighth", &body);

    assert!(world.hub.counts().history_bytes <= 11_000);
    let back = world.resume("second", &ids[2]);
    assert!(matches!(back.resume().unwrap().verdict(), Verdict::Gap(_)), "its reader is told");
    assert_eq!(world.resume("first", &ids[1]).resume().unwrap().verdict(), &Verdict::Ok);
    drop(heard);
    assert_eq!(world.resume("heard", &ids[0]).resume().unwrap().verdict(), &Verdict::Ok);
}

#[test]
fn publications_are_refused_where_forgetting_would_not_help_and_nothing_is_forgotten() {
    let world = World::new(quiet().with_history(history()).with_max_history_bytes(10_000));
    let _heard = world.listen("heard");
    world.publish("idle", "1");
    let body = "x".repeat(1_000);
    let mut accepted = 0;
    let refused = loop {
        match world.hub.publish(&token("heard"), "ping", body.as_bytes(), world.now) {
            Ok(published) => published.wake(),
            Err(refused) => break refused,
        }
        accepted += 1;
        assert!(world.hub.counts().history_bytes <= 10_000);
    };

    assert_eq!(refused, PublishError::Limit { limit: Limit::HistoryBytes, max: 10_000 });
    assert_eq!(world.hub.counts().refused(Limit::HistoryBytes), 1);
    assert!((8..=9).contains(&accepted), "{accepted}");
    let huge = "x".repeat(20_000);
    let refused = world.hub.publish(&token("idle"), "ping", huge.as_bytes(), world.now);
    assert_eq!(
        refused.unwrap_err(),
        PublishError::Limit { limit: Limit::HistoryBytes, max: 10_000 },
    );
}

#[test]
fn a_channel_at_its_own_bound_is_published_to_although_the_budget_is_used_up() {
    let bounded = history().with_max_events(2);
    let world = World::new(quiet().with_history(bounded).with_max_history_bytes(3_600));
    let _listener = world.listen("t");

    for n in 0..100 {
        world.publish("t", &"x".repeat(1_000));
        assert!(world.hub.counts().history_bytes <= 3_600, "after {n}");
    }
}
