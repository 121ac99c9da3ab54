//! What happens while a turn is under way, whose outcome the channel does not know yet.

use sse_core::{
    access::Revocation,
    channel::{CloseReason, Framing, OnOverrun},
    hub::StreamEnd,
};

use crate::support::{OPEN, World, alice, data, ping, quiet, token};

#[test]
fn who_has_read_all_before_the_last_event_does_not_fall_out_for_it() {
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        let config = quiet().with_max_log_bytes(1_000).with_on_overrun(on_overrun);
        let mut world = World::new(config);
        let pipe = world.listen_open("t");
        world.publish("t", &data(800));
        world.peek();

        world.publish("t", &data(801));
        world.run();

        assert_eq!(pipe.take(), ping(&data(800)) + &ping(&data(801)), "{on_overrun:?}");
        assert_eq!(world.hub.counts().overruns, 0);
    }
}

#[test]
fn who_falls_out_during_a_write_that_is_cut_is_told_of_the_gap_behind_the_event() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let config = quiet().with_max_log_bytes(1_000).with_on_overrun(OnOverrun::Gap);
        let whole = 3 * framing.frame(ping(&data(100)).into()).len();
        for cut in 0..=whole {
            let mut world = World::with_framing(config.clone(), framing);
            let pipe = world.listen_open("t");
            pipe.set_room(cut);
            for _ in 0..3 {
                world.publish("t", &data(100));
            }
            world.peek();
            for _ in 0..3 {
                world.publish("t", &data(700));
            }
            world.run();

            world.open_up(&pipe, usize::MAX);
            world.run();

            // What was begun is written to its end.
            let read = cut.div_ceil(whole / 3);
            let told =
                "event: sse.gap\ndata: {\"reason\":\"trimmed\",\"requested\":null,\"missed\":";
            let expected = ping(&data(100)).repeat(read)
                + &format!("{told}{}}}\n\n", 5 - read)
                + &ping(&data(700));
            assert_eq!(pipe.take(), expected, "cut at {cut}, {framing:?}");
            assert_eq!(world.hub.counts().overruns, 1, "cut at {cut}");
        }
    }
}

#[test]
fn who_falls_out_inside_a_long_event_is_cut_whatever_the_policy() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
            let config = quiet().with_max_log_bytes(40_000).with_on_overrun(on_overrun);
            let mut world = World::with_framing(config, framing);
            let pipe = world.listen_open("t");
            pipe.set_room(20);
            world.publish("t", &data(30_000));
            world.peek();
            world.publish("t", &data(30_001));
            world.publish("t", &data(30_002));
            world.run();
            assert_eq!(world.hub.listeners(&token("t")), 0, "{on_overrun:?} {framing:?}");

            world.open_up(&pipe, usize::MAX);
            world.run();

            let missed = CloseReason::Overrun { missed: 2 };
            assert_eq!(world.end_of(&pipe), Some(StreamEnd::Cut(missed)));
            assert_eq!(pipe.len(), 20);
        }
    }
}

#[test]
fn what_was_begun_is_written_to_its_end_when_the_grant_is_revoked() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for cut in 0..ping("1").len() {
            let mut world = World::with_framing(quiet(), framing);
            let pipe = world.listen_granted("t", &alice());
            world.run();
            assert_eq!(pipe.take(), OPEN);
            pipe.set_room(cut);
            world.publish("t", "1");
            world.publish("t", "2");
            world.peek();
            world.hub.revoke(&Revocation::subject("alice"), world.now).unwrap().wake();
            world.run();

            world.open_up(&pipe, usize::MAX);
            world.run();

            let begun = if cut == 0 { String::new() } else { ping("1") };
            let expected = begun + "event: sse.expired\ndata: {}\n\n";
            assert_eq!(pipe.take_all().0, expected, "cut at {cut}, {framing:?}");
            assert_eq!(world.end_of(&pipe), Some(StreamEnd::Whole(CloseReason::Revoked)));
        }
    }
}

#[test]
fn a_long_event_is_written_to_its_end_and_nothing_behind_it_when_the_grant_is_revoked() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for steps in [1, 2, 12] {
            let mut world = World::with_framing(quiet(), framing);
            let pipe = world.listen_granted("t", &alice());
            world.run();
            assert_eq!(pipe.take(), OPEN);
            pipe.set_room(0);
            let long = data(150_000);
            world.publish("t", &long);
            world.run();
            world.publish("t", "2");
            for _ in 0..steps {
                world.open_up(&pipe, 12_288);
                world.run();
            }
            world.hub.revoke(&Revocation::subject("alice"), world.now).unwrap().wake();
            world.run();

            while world.end_of(&pipe).is_none() {
                world.open_up(&pipe, 12_288);
                world.run();
            }

            let expected = ping(&long) + "event: sse.expired\ndata: {}\n\n";
            assert!(pipe.take_all().0 == expected, "{steps} steps, {framing:?}");
        }
    }
}

#[test]
fn one_that_was_polled_before_it_is_driven_goes_on_where_it_was() {
    let mut world = World::new(quiet().with_max_log_bytes(1_000));
    let mut subscriber = world.hub.subscribe(&token("t"), world.now).unwrap();
    let _open = subscriber.poll_output(std::task::Waker::noop(), world.now);
    world.publish("t", "1");
    let pipe = world.add(subscriber);
    pipe.set_room(0);
    world.run();
    while world.hub.publish(&token("t"), "ping", b"1", world.now).is_ok() {}
    assert_eq!(world.hub.listeners(&token("t")), 0, "it is too far behind");

    world.open_up(&pipe, usize::MAX);
    world.run();

    assert!(matches!(world.end_of(&pipe), Some(StreamEnd::Cut(CloseReason::Overrun { .. }))));
}
