//! Those that an engine drives beside those that are polled, and several engines.

use std::{sync::Arc, task::Waker};

use sse_core::{
    Hub,
    channel::{CloseReason, Framing, Mode, OnOverrun, Output},
    hub::{StreamEnd, Subscriber},
};

use crate::support::{OPEN, Woken, World, data, ping, quiet, token};

/// All that a listener that is polled has to write.
fn read(subscriber: &mut Subscriber, world: &World) -> String {
    let mut text = String::new();
    while let Output::Write(bytes) = subscriber.poll_output(Waker::noop(), world.now) {
        text += str::from_utf8(&bytes).unwrap();
    }
    text
}

#[test]
fn all_kinds_of_listeners_of_a_channel_read_the_same() {
    let mut one = World::with_framing(quiet(), Framing::Chunked);
    let mut other = one.sibling(Framing::Plain);
    let (a, b) = (one.listen("t"), other.listen("t"));
    let mut polled = one.hub.subscribe(&token("t"), one.now).unwrap();
    let mut expected = OPEN.to_owned();
    for n in 0..200_usize {
        let data = data(n * n % 3_000);
        one.publish("t", &data);
        expected += &ping(&data);
        if n % 3 == 0 {
            one.run();
        }
        if n % 5 == 0 {
            other.run();
        }
    }
    one.run();
    other.run();

    assert_eq!(read(&mut polled, &one), expected);
    assert!(a.take() == expected && b.take() == expected);
    assert_eq!((one.hub.counts().unread_bytes, one.hub.counts().joined_bytes), (0, 0));
    one.close("t");
    one.run();
    other.run();
    let finished = Some(StreamEnd::Whole(CloseReason::Finished));
    assert_eq!((one.end_of(&a), other.end_of(&b)), (finished, finished));
}

#[test]
fn every_engine_of_a_channel_is_woken_and_every_listener_that_is_polled() {
    let mut one = World::new(quiet());
    let mut other = one.sibling(Framing::Chunked);
    let (a, b) = (one.listen_open("t"), other.listen_open("t"));
    let mut polled = one.hub.subscribe(&token("t"), one.now).unwrap();
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(woken.clone());
    let _open = polled.poll_output(&waker, one.now);
    for round in 1..4 {
        assert!(matches!(polled.poll_output(&waker, one.now), Output::Wait { .. }));
        one.publish("t", "1");

        let counts = [woken.count(), one.woken.count(), other.woken.count()];
        assert_eq!(counts, [round; 3], "of round {round}");
        read(&mut polled, &one);
        one.run();
        other.run();
        assert_eq!((a.take(), b.take()), (ping("1"), ping("1")));
    }
}

#[test]
fn one_that_is_polled_takes_over_from_an_engine_and_gives_back() {
    let mut world = World::new(quiet().with_mode(Mode::Takeover));
    let first = world.listen_open("t");
    let mut second = world.hub.subscribe(&token("t"), world.now).unwrap();
    let before = world.woken.count();
    assert_eq!(read(&mut second, &world), OPEN);
    assert_eq!(world.woken.count(), before + 1);
    world.run();
    assert_eq!(world.end_of(&first), Some(StreamEnd::Whole(CloseReason::Replaced)));

    let third = world.listen_open("t");

    let replaced = Output::Close(CloseReason::Replaced);
    assert!(read(&mut second, &world).starts_with("event: sse.replaced\n"));
    assert_eq!(second.poll_output(Waker::noop(), world.now), replaced);
    world.publish("t", "1");
    world.run();
    assert_eq!(third.take(), ping("1"));
}

#[test]
fn what_one_kind_has_still_to_read_is_kept_whatever_the_other_has_read() {
    let mut world = World::new(quiet().with_max_log_bytes(10_000));
    let driven = world.listen_open("t");
    let mut polled = world.hub.subscribe(&token("t"), world.now).unwrap();
    read(&mut polled, &world);
    // The one is behind, and then the other.
    world.publish("t", "1");
    world.run();
    assert_eq!(world.hub.counts().unread_bytes, ping("1").len() + 128);
    assert_eq!((driven.take(), read(&mut polled, &world)), (ping("1"), ping("1")));
    assert_eq!(world.hub.counts().unread_bytes, 0);
    driven.set_room(0);
    world.publish("t", "2");
    world.run();
    assert_eq!(read(&mut polled, &world), ping("2"));
    assert_eq!(world.hub.counts().unread_bytes, ping("2").len() + 128);

    for _ in 0..200 {
        world.publish("t", &data(100));
        read(&mut polled, &world);
    }
    assert_eq!(world.hub.listeners(&token("t")), 1, "the one that is driven was cut");
    world.open_up(&driven, usize::MAX);
    world.run();
    assert!(matches!(world.end_of(&driven), Some(StreamEnd::Cut(CloseReason::Overrun { .. }))));
}

#[test]
fn engines_that_write_at_the_same_time_keep_their_places_when_the_log_overtakes_them() {
    let config = quiet().with_max_log_bytes(2_000).with_on_overrun(OnOverrun::Gap);
    let mut one = World::new(config);
    let mut other = one.sibling(Framing::Chunked);
    let (a, b) = (one.listen_open("t"), other.listen_open("t"));
    a.set_room(30);
    for n in 0..3 {
        one.publish("t", &n.to_string());
    }
    // Both are in the middle of a turn.
    one.peek();
    other.peek();
    for _ in 0..4 {
        one.publish("t", &data(900));
    }
    other.run();
    one.run();
    one.open_up(&a, usize::MAX);
    one.run();

    let told = "event: sse.gap\ndata: {\"reason\":\"trimmed\",\"requested\":null,\"missed\":";
    let kept = ping(&data(900));
    let all = ["0", "1", "2"].map(ping).concat();
    assert_eq!(b.take(), format!("{all}{told}3}}\n\n{kept}"));
    let begun = ["0", "1"].map(ping).concat();
    assert_eq!(a.take(), format!("{begun}{told}4}}\n\n{kept}"));
    assert_eq!(one.hub.counts().overruns, 2);
    assert_eq!(one.hub.counts().unread_bytes, 0);
}

#[test]
fn hubs_that_share_an_engine_have_nothing_to_do_with_each_other() {
    let mut world = World::new(quiet());
    let other = Hub::new(quiet());
    let mine = world.listen_open("t");
    let theirs = world.add(other.subscribe(&token("t"), world.now).unwrap());
    world.run();
    assert_eq!(theirs.take(), OPEN);

    other.publish(&token("t"), "ping", b"theirs", world.now).unwrap().wake();
    world.publish("t", "mine");
    world.run();
    assert_eq!((mine.take(), theirs.take()), (ping("mine"), ping("theirs")));
    other.shutdown().wake();
    world.run();

    assert_eq!(world.end_of(&theirs), Some(StreamEnd::Whole(CloseReason::Shutdown)));
    assert_eq!((world.end_of(&mine), world.engine.len()), (None, 1));
    assert_eq!((other.counts().listeners, other.counts().leaving), (0, 0));
}

#[test]
fn a_hub_is_free_once_an_engine_has_none_of_its_listeners() {
    let mut world = World::new(quiet());
    let hub = Hub::new(quiet());
    let pipe = world.add(hub.subscribe(&token("t"), world.now).unwrap());
    world.run();
    world.engine.handle_left(pipe.key());
    world.run();

    assert_eq!(Arc::strong_count(&hub), 1);
}

#[test]
fn an_engine_is_not_woken_for_a_channel_on_which_it_has_no_listener_any_more() {
    let mut world = World::new(quiet());
    let (leaves, _stays) = (world.listen_open("t"), world.listen_open("other"));
    let _polled = world.hub.subscribe(&token("t"), world.now).unwrap();
    world.run();
    world.engine.handle_left(leaves.key());
    world.run();
    let before = world.woken.count();

    world.publish("t", "1");
    assert_eq!(world.woken.count(), before);
    world.publish("other", "1");
    assert_eq!(world.woken.count(), before + 1);
}
