use sse_core::channel::{CloseReason, Framing};

use crate::support::{OPEN, Pipe, World, data, ping, quiet};

/// The pipe takes `step` bytes at a time until the engine has nothing for it.
fn drip(world: &mut World, pipe: &Pipe, step: usize) {
    loop {
        let before = pipe.len();
        world.open_up(pipe, step);
        world.run();
        if pipe.len() < before + step {
            return;
        }
    }
}

#[test]
fn a_socket_that_takes_a_few_bytes_at_a_time_gets_every_byte_once() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for step in 1..=64 {
            let mut world = World::with_framing(quiet(), framing);
            let pipe = world.listen("t");
            pipe.set_room(0);
            world.run();
            let lens = [0, 1, 9, 10, 200, 3];
            let mut expected = OPEN.to_owned();
            for len in lens {
                world.publish("t", &data(len));
                expected += &ping(&data(len));
            }

            drip(&mut world, &pipe, step);
            world.publish("t", "last");
            world.close("t");
            drip(&mut world, &pipe, step);

            let (text, is_over) = pipe.take_all();
            assert_eq!(text, expected + &ping("last"), "{step} bytes at a time, {framing:?}");
            assert_eq!(is_over, framing == Framing::Chunked);
            assert!(world.engine.is_empty());
        }
    }
}

#[test]
fn a_long_event_can_be_cut_at_every_byte_near_its_ends() {
    // Longer than a write of one who is polled, and longer than any.
    for len in [17_000, 70_000] {
        let whole = ping(&data(len));
        let cuts = (0..20).chain(16_380..16_400).chain(65_530..65_545);
        for cut in cuts.chain(whole.len() - 2..whole.len() + 12) {
            for framing in [Framing::Plain, Framing::Chunked] {
                for has_next in [false, true] {
                    let mut world = World::with_framing(quiet(), framing);
                    let pipe = world.listen_open("t");
                    pipe.set_room(cut);
                    world.publish("t", &data(len));
                    world.run();
                    let mut expected = whole.clone();
                    if has_next {
                        world.publish("t", "next");
                        expected += &ping("next");
                        world.run();
                    }

                    world.open_up(&pipe, usize::MAX);
                    world.run();

                    assert!(pipe.take() == expected, "{len} cut at {cut}, {framing:?}");
                }
            }
        }
    }
}

#[test]
fn a_stream_that_was_cut_anywhere_ends_with_its_last_words() {
    let words = "event: sse.end\ndata: {}\n\n";
    for framing in [Framing::Plain, Framing::Chunked] {
        for cut in 0..80 {
            let config = quiet().with_closed_ttl(Some(std::time::Duration::from_secs(9)));
            let mut world = World::with_framing(config, framing);
            let pipe = world.listen_open("t");
            pipe.set_room(cut);
            world.publish("t", "1");
            world.close("t");
            world.run();

            world.open_up(&pipe, usize::MAX);
            world.run();

            let (text, is_over) = pipe.take_all();
            assert_eq!(text, ping("1") + words, "cut at {cut}, {framing:?}");
            assert_eq!(is_over, framing == Framing::Chunked);
            let end = world.end_of(&pipe).unwrap();
            assert_eq!(end, sse_core::hub::StreamEnd::Whole(CloseReason::Finished));
        }
    }
}
