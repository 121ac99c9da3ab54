//! What the hub counts of writes to listeners that are polled, and of the ends of their streams.

use std::time::Duration;

use sse_core::{
    channel::{CloseReason, Mode},
    history::{GapReason, Since},
};

use crate::support::{World, bounded, event, history, ping, quiet, token};

#[test]
fn each_event_counts_once_for_every_listener_that_it_was_written_to() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut crowd: Vec<_> = (0..100).map(|_| world.listen("t")).collect();
    for n in 0..3 {
        world.post("t", &n.to_string()).wake();
    }

    crowd.iter_mut().for_each(|listener| drop(world.read(listener)));

    let counts = world.counts();
    assert_eq!((counts.published, counts.deliveries), (3, 300));
    assert_eq!(counts.delivered_bytes, 300 * ping("1").len() as u64);
    assert_eq!((counts.writes.count(), counts.writes.sum()), (100, 300));
    let buckets: Vec<_> = counts.writes.buckets().take(3).collect();
    assert_eq!(buckets, [(1, 0), (2, 0), (4, 100)]);
}

#[test]
fn a_listener_that_does_not_read_hides_few_writes_to_others() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let (_asleep, mut awake) = (world.listen("t"), world.listen("t"));
    for n in 1..=1_000 {
        world.post("t", "x").wake();
        world.read(&mut awake);
        let known = world.hub.counts().deliveries;
        assert!((n - 63..=n).contains(&(known as i64)), "{known} of {n}");
    }

    drop(awake);

    assert_eq!(world.hub.counts().deliveries, 1_000);
}

#[test]
fn the_time_of_a_write_is_that_of_its_oldest_event() {
    let mut world = World::new(quiet());
    let mut listener = world.listen("t");
    world.post("t", "old").wake();
    world.pass(Duration::from_millis(40));
    world.post("t", "new").wake();
    world.pass(Duration::from_millis(2));
    world.read(&mut listener);
    world.post("t", "at once").wake();
    world.read(&mut listener);

    let latency = world.counts().latency;

    assert_eq!((latency.count(), latency.sum()), (2, Duration::from_millis(42)));
    for (bound, count) in latency.buckets() {
        let expected = if bound < Duration::from_millis(42) { 1 } else { 2 };
        assert_eq!(count, expected, "{bound:?}");
    }
}

#[test]
fn what_is_read_again_shows_no_time() {
    let mut world = World::remembering(history());
    let ids: Vec<_> = (0..3).map(|n| world.publish("t", &n.to_string())).collect();
    world.pass(Duration::from_secs(60));

    let mut late = world.listen_since("t", Since::Earliest);
    assert!(world.read(&mut late).ends_with(&event(&ids[2], "2")));
    assert_eq!((world.counts().deliveries, world.counts().latency.count()), (3, 0));

    world.publish("t", "3");
    world.pass(Duration::from_millis(5));
    world.read(&mut late);
    let latency = world.counts().latency;
    assert_eq!((latency.count(), latency.sum()), (1, Duration::from_millis(5)));
}

#[test]
fn a_long_event_is_one_delivery_in_many_writes() {
    let world = World::new(quiet());
    let mut listener = world.listen("t");
    let text = "x".repeat(1 << 20);
    world.post("t", &text).wake();

    world.read(&mut listener);

    let counts = world.counts();
    assert_eq!((counts.deliveries, counts.delivered_bytes), (1, ping(&text).len() as u64));
    assert!(1 < counts.writes.count());
    assert_eq!((counts.writes.sum(), counts.latency.count()), (1, 1));
}

#[test]
fn streams_count_by_why_they_were_ended_and_those_that_left_apart() {
    let world = World::new(bounded(1_000).with_mode(Mode::Takeover));
    let mut replaced = world.listen("t");
    let mut finished = world.listen("t");
    world.close("t");
    let mut cut = world.listen("u");
    // Once it is cut, nobody listens there.
    while world.hub.publish(&token("u"), "ping", b"x", world.now).is_ok() {}
    drop(world.listen("v"));
    let mut shut_down = world.listen("w");
    world.hub.shutdown().wake();

    for (listener, reason) in [
        (&mut replaced, CloseReason::Replaced),
        (&mut finished, CloseReason::Finished),
        (&mut shut_down, CloseReason::Shutdown),
    ] {
        assert_eq!(world.read_to_end(listener).1, reason);
        assert_eq!(world.read_to_end(listener).1, reason, "it may be asked again");
        assert_eq!(world.counts().closed(reason), 1, "{reason:?}");
    }
    assert!(matches!(world.read_to_end(&mut cut).1, CloseReason::Overrun { .. }));
    let counts = world.counts();
    assert_eq!(counts.closed(CloseReason::Overrun { missed: 7 }), 1);
    assert_eq!((counts.closed(CloseReason::Expired), counts.left), (0, 1));
}

#[test]
fn gaps_count_by_their_reason() {
    let world = World::remembering(history().with_max_events(1));
    let ids: Vec<_> = (0..3).map(|n| world.publish("t", &n.to_string())).collect();

    drop(world.resume("t", &ids[0]));
    drop(world.resume("t", "made up"));
    drop(world.resume("t", "made up, too"));

    let counts = world.counts();
    let [trimmed, diverged, unknown] =
        [GapReason::Trimmed, GapReason::Diverged, GapReason::Unknown]
            .map(|reason| counts.gaps_for(reason));
    assert_eq!((counts.gaps, trimmed, diverged, unknown), (3, 1, 0, 2));
}
