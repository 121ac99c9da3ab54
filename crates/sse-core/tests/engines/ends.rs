use std::time::Duration;

use sse_core::{
    access::Revocation,
    channel::{CloseReason, Framing, Mode, OnOverrun},
    hub::StreamEnd,
};

use crate::support::{OPEN, Pipe, World, alice, data, ping, quiet};

const END: &str = "event: sse.end\ndata: {}\n\n";
const EXPIRED: &str = "event: sse.expired\ndata: {}\n\n";
const REPLACED: &str = "event: sse.replaced\nretry: 86400000\ndata: {}\n\n";

/// What ends a stream, what is written at last, and how it ends then.
type Ending = (fn(&mut World), &'static str, StreamEnd);

const ENDINGS: [Ending; 6] = [
    (|world| world.close("t"), END, StreamEnd::Whole(CloseReason::Finished)),
    (|world| world.hub.shutdown().wake(), "", StreamEnd::Whole(CloseReason::Shutdown)),
    (
        |world| {
            world.listen("t");
        },
        REPLACED,
        StreamEnd::Whole(CloseReason::Replaced),
    ),
    (
        |world| world.hub.revoke(&Revocation::subject("alice"), world.now).unwrap().wake(),
        EXPIRED,
        StreamEnd::Whole(CloseReason::Revoked),
    ),
    (
        |world| world.now += Duration::from_secs(100),
        EXPIRED,
        StreamEnd::Whole(CloseReason::Expired),
    ),
    (
        |world| {
            for _ in 0..20 {
                let name = crate::support::token("t");
                let _cut = world.hub.publish(&name, "ping", data(9_000).as_bytes(), world.now);
            }
        },
        "",
        StreamEnd::Cut(CloseReason::Overrun { missed: 0 }),
    ),
];

fn world(framing: Framing) -> (World, Pipe) {
    let config = quiet()
        .with_mode(Mode::Takeover)
        .with_closed_ttl(Some(Duration::from_secs(1)))
        .with_max_log_bytes(100_000);
    let mut world = World::with_framing(config, framing);
    let end = world.now + Duration::from_secs(50);
    let pipe = world.listen_granted("t", &alice().with_end(end));
    world.run();
    assert_eq!(pipe.take(), OPEN);
    (world, pipe)
}

fn is_same(end: Option<StreamEnd>, expected: StreamEnd) -> bool {
    use CloseReason::Overrun;
    match (end, expected) {
        (Some(StreamEnd::Cut(Overrun { .. })), StreamEnd::Cut(Overrun { .. })) => true,
        (end, expected) => end == Some(expected),
    }
}

#[test]
fn every_end_comes_to_one_who_has_read_everything() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for (n, (end, words, how)) in ENDINGS.into_iter().take(5).enumerate() {
            let (mut world, pipe) = world(framing);
            world.publish("t", "1");
            world.run();
            let before = world.woken.count();

            end(&mut world);

            // The newcomer wakes it, and time does.
            assert_eq!(world.woken.count(), before + usize::from(n != 4), "end {n}");
            world.run();
            let (text, is_over) = pipe.take_all();
            assert_eq!(text, ping("1") + words, "end {n}, {framing:?}");
            assert_eq!(is_over, framing == Framing::Chunked);
            assert_eq!(world.end_of(&pipe), Some(how));
        }
    }
}

#[test]
fn every_end_comes_to_one_whose_socket_was_full_at_any_byte() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for (n, (end, words, how)) in ENDINGS.into_iter().enumerate() {
            for room in 0..framing.frame(ping("1").into()).len() + 2 {
                let (mut world, pipe) = world(framing);
                pipe.set_room(room);
                world.publish("t", "1");
                world.publish("t", "2");
                world.run();

                end(&mut world);
                world.run();
                // It is told nothing of it while it takes nothing, and has not ended.
                assert_eq!((pipe.len(), world.end_of(&pipe)), (room, None));
                world.open_up(&pipe, usize::MAX);
                world.run();

                let frame = framing.frame(ping("1").into()).len();
                let events = match how {
                    // What was begun is written to its end, and nothing more.
                    StreamEnd::Cut(_) | StreamEnd::Whole(CloseReason::Revoked) => {
                        room.div_ceil(frame)
                    }
                    _ => 2,
                };
                let expected = ["1", "2"][..events].iter().map(|data| ping(data));
                let (text, is_over) = pipe.take_all();
                assert_eq!(text, expected.collect::<String>() + words, "end {n} at {room}");
                let is_clean = matches!(how, StreamEnd::Whole(_));
                assert_eq!(is_over, framing == Framing::Chunked && is_clean);
                assert!(is_same(world.end_of(&pipe), how), "{:?}", world.end_of(&pipe));
            }
        }
    }
}

#[test]
fn the_last_words_can_be_cut_at_every_byte() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for (n, (end, words, how)) in ENDINGS.into_iter().take(5).enumerate() {
            let (mut world, pipe) = world(framing);
            end(&mut world);
            pipe.set_room(0);
            world.run();
            for _ in 0..words.len() + 30 {
                world.open_up(&pipe, 1);
                world.run();
            }

            let (text, is_over) = pipe.take_all();
            assert_eq!((&*text, is_over), (words, framing == Framing::Chunked), "end {n}");
            assert_eq!(world.end_of(&pipe), Some(how));
        }
    }
}

#[test]
fn a_channel_that_is_over_before_the_stream_begins_is_told_with_the_head() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let config = quiet().with_closed_ttl(Some(Duration::from_secs(1)));
        let mut world = World::with_framing(config, framing);
        let subscriber = world.hub.subscribe(&crate::support::token("t"), world.now).unwrap();
        world.close("t");
        let pipe = world.add(subscriber);
        world.run();

        let (text, is_over) = pipe.take_all();
        assert_eq!(text, OPEN.to_owned() + END);
        assert_eq!((is_over, world.writes.len()), (framing == Framing::Chunked, 1));
        assert_eq!(world.end_of(&pipe), Some(StreamEnd::Whole(CloseReason::Finished)));
    }
}

#[test]
fn one_who_falls_behind_is_told_of_the_gap_and_goes_on() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for room in 0..=framing.frame(ping("1").into()).len() {
            let config = quiet().with_max_log_bytes(1_000).with_on_overrun(OnOverrun::Gap);
            let mut world = World::with_framing(config, framing);
            let pipe = world.listen_open("t");
            pipe.set_room(room);
            world.publish("t", "1");
            world.run();
            for _ in 0..3 {
                world.publish("t", &data(700));
                world.run();
            }

            world.open_up(&pipe, usize::MAX);
            world.run();

            let begun = usize::from(0 < room);
            let missed = 3 - begun;
            let told =
                "event: sse.gap\ndata: {\"reason\":\"trimmed\",\"requested\":null,\"missed\":";
            let gap = format!("{told}{missed}}}\n\n");
            let expected = ping("1").repeat(begun) + &gap + &ping(&data(700));
            assert_eq!(pipe.take(), expected, "{room} bytes of room, {framing:?}");
            world.publish("t", "on");
            world.run();
            assert_eq!(pipe.take(), ping("on"));
        }
    }
}

#[test]
fn who_has_left_is_left_alone_wherever_it_was() {
    for steps in 0..9 {
        for place in 0..3 {
            let mut world = World::new(quiet());
            let mut pipes: Vec<_> = (0..3).map(|_| world.listen("t")).collect();
            world.publish("t", "1");
            for _ in 0..steps {
                world.step();
            }
            let leaves = pipes.remove(place);
            world.engine.handle_left(leaves.key());
            world.engine.handle_left(leaves.key());
            let before = leaves.len();
            world.run();

            assert_eq!(world.end_of(&leaves), Some(StreamEnd::Left), "after {steps} steps");
            assert_eq!(leaves.len(), before, "it is written to after {steps} steps");
            assert!(pipes.iter().all(|pipe| pipe.take() == OPEN.to_owned() + &ping("1")));
            assert_eq!((world.engine.len(), world.hub.counts().listeners), (2, 2));
            world.publish("t", "2");
            world.run();
            assert!(pipes.iter().all(|pipe| pipe.take() == ping("2")));
        }
    }
}

#[test]
fn a_socket_that_breaks_ends_its_stream_and_no_other() {
    for is_open in [false, true] {
        for published in 0..3 {
            let mut world = World::new(quiet());
            let pipes = [world.listen("t"), world.listen("t"), world.listen("t")];
            if is_open {
                world.run();
            }
            pipes[1].break_down();
            for _ in 0..published {
                world.publish("t", "1");
            }
            world.close("t");
            world.run();

            let all = OPEN.to_owned() + &ping("1").repeat(published);
            assert_eq!((pipes[0].take(), pipes[2].take()), (all.clone(), all));
            // Without a word to be said, nobody sees that it is broken.
            let is_seen = !is_open || 0 < published;
            let finished = StreamEnd::Whole(CloseReason::Finished);
            let expected = if is_seen { StreamEnd::Left } else { finished };
            assert_eq!(world.end_of(&pipes[1]), Some(expected));
            assert_eq!(world.end_of(&pipes[0]), Some(finished));
        }
    }
}
