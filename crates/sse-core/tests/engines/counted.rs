//! What the hub counts of writes that an engine does.

use std::time::Duration;

use sse_core::{
    channel::{CloseReason, Framing},
    history::{History, Since, Start},
};

use crate::support::{World, data, ping, quiet, token};

#[test]
fn each_event_counts_once_for_every_listener_that_it_was_written_to() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(quiet(), framing);
        let _crowd: Vec<_> = (0..100).map(|_| world.listen_open("t")).collect();
        for n in 0..3 {
            world.publish("t", &n.to_string());
        }
        world.pass(Duration::from_millis(3));

        world.run();

        let counts = world.hub.counts();
        assert_eq!((counts.published, counts.deliveries), (3, 300));
        let bytes = framing.frame(ping("1").into()).len() as u64;
        assert_eq!(counts.delivered_bytes, 300 * bytes);
        assert_eq!((counts.writes.count(), counts.writes.sum()), (100, 300));
        assert!(counts.writes.buckets().take(3).eq([(1, 0), (2, 0), (4, 100)]));
        assert_eq!(counts.latency.count(), 100);
        assert_eq!(counts.latency.sum(), 100 * Duration::from_millis(3));
    }
}

#[test]
fn what_a_full_socket_took_in_part_counts_once_wherever_it_was_cut() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let len = framing.frame(ping("1").into()).len();
        for room in 0..=2 * len {
            let mut world = World::with_framing(quiet(), framing);
            let pipe = world.listen_open("t");
            world.publish("t", "1");
            world.publish("t", "2");
            pipe.set_room(room);
            world.run();
            world.open_up(&pipe, usize::MAX);
            world.run();

            assert_eq!(pipe.take(), ping("1") + &ping("2"), "cut at {room}");
            let counts = world.hub.counts();
            let counted = (counts.deliveries, counts.delivered_bytes);
            assert_eq!(counted, (2, 2 * len as u64), "cut at {room}");
            let writes = if room == 0 || 2 * len < room + len { 1 } else { 2 };
            assert_eq!(counts.writes.count(), writes, "cut at {room}");
        }
    }
}

#[test]
fn who_is_overtaken_during_a_write_has_got_what_it_took() {
    let mut world = World::new(quiet().with_max_log_bytes(2_000));
    let pipe = world.listen_open("t");
    world.publish("t", "first");
    let (_, bytes) = world.peek();
    for _ in 0..20 {
        world.publish("t", &data(100));
    }

    world.engine.handle_written(bytes.len(), world.now);
    world.run();

    let counts = world.hub.counts();
    assert_eq!((counts.deliveries, counts.delivered_bytes), (1, bytes.len() as u64));
    assert_eq!(counts.closed(CloseReason::Overrun { missed: 0 }), 1);
    assert!(world.end_of(&pipe).is_some());
}

#[test]
fn what_is_read_again_shows_no_time() {
    let mut world = World::new(quiet().with_history(History::new(1)));
    world.publish("t", "1");
    world.pass(Duration::from_secs(60));
    let start = Start::default().with_since(Since::Earliest);
    let subscriber = world.hub.subscribe_from(&token("t"), &start, world.now).unwrap();
    let pipe = world.add(subscriber);
    world.run();
    assert!(pipe.take().contains("data: 1\n"));
    assert_eq!((world.hub.counts().deliveries, world.hub.counts().latency.count()), (1, 0));

    world.publish("t", "2");
    world.pass(Duration::from_millis(5));
    world.run();

    assert_eq!(world.hub.counts().latency.count(), 1);
    assert_eq!(world.hub.counts().latency.sum(), Duration::from_millis(5));
}

#[test]
fn a_broken_socket_gets_nothing_and_its_listener_has_left() {
    let mut world = World::new(quiet());
    let pipe = world.listen_open("t");
    world.publish("t", "1");
    pipe.break_down();

    world.run();

    let counts = world.hub.counts();
    assert_eq!((counts.deliveries, counts.writes.count(), counts.left), (0, 0, 1));
}
