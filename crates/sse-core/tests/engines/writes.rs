use sse_core::{
    channel::{Framing, Mode},
    history::{History, Start},
    hub::Delivery,
    response::LastEventId,
};

use crate::support::{HEAD, OPEN, World, data, ping, quiet, token};

#[test]
fn a_stream_begins_with_its_head_and_first_block_in_one_write() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(quiet(), framing);
        let pipe = world.listen("t");
        let (_, bytes) = world.peek();

        let first = framing.frame(OPEN.into());
        assert_eq!(bytes, [HEAD.as_bytes(), &first].concat());
        world.run();
        assert_eq!((pipe.take(), world.writes.len()), (OPEN.to_owned(), 1));
    }
}

#[test]
fn a_publication_wakes_the_engine_once_however_many_listen_on_however_many_channels() {
    let mut world = World::new(quiet());
    let crowd: Vec<_> =
        (0..100).map(|n| world.listen_open(if n % 2 == 0 { "a" } else { "b" })).collect();
    world.run();
    let before = world.woken.count();

    for name in ["a", "b", "a", "b"] {
        world.publish(name, "1");
    }

    assert_eq!(world.woken.count(), before + 1);
    world.run();
    assert!(crowd.iter().all(|pipe| pipe.take() == ping("1").repeat(2)));
    world.publish("a", "2");
    assert_eq!(world.woken.count(), before + 2);
}

#[test]
fn what_many_have_to_read_is_joined_once_and_written_to_each_at_once() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(quiet(), framing);
        let crowd: Vec<_> = (0..200).map(|_| world.listen_open("t")).collect();
        world.writes.clear();
        for n in 0..20 {
            world.publish("t", &n.to_string());
        }

        let mut written = std::collections::HashSet::new();
        loop {
            match world.engine.poll_output(std::task::Waker::noop(), world.now) {
                Delivery::Write { bytes, .. } => {
                    written.insert(bytes.as_ptr());
                    let count = bytes.len();
                    world.engine.handle_written(count, world.now);
                }
                Delivery::Wait { .. } => break,
                Delivery::End { .. } => panic!("nothing ends"),
            }
        }

        assert_eq!(written.len(), 1, "{framing:?}");
        assert_eq!(crowd.len(), 200);
        assert_eq!(world.hub.counts().unread_bytes, 0);
    }
}

#[test]
fn what_is_published_during_a_lap_goes_out_with_the_rest_of_it_and_then_to_the_others() {
    let mut world = World::new(quiet());
    let crowd: Vec<_> = (0..500).map(|_| world.listen_open("t")).collect();
    world.publish("t", "1");
    world.writes.clear();
    for n in 0..300 {
        if n % 100 == 50 {
            world.publish("t", &n.to_string());
        }
        world.step();
    }
    world.run();

    let all = ["1", "50", "150", "250"].map(ping).concat();
    assert!(crowd.iter().all(|pipe| pipe.take() == all));
    // Not one for each event.
    assert!(world.writes.len() < 3 * crowd.len(), "{}", world.writes.len());
    let before = world.woken.count();
    world.publish("t", "on");
    assert_eq!(world.woken.count(), before + 1);
    world.run();
    assert!(crowd.iter().all(|pipe| pipe.take() == ping("on")));
}

#[test]
fn an_engine_is_woken_again_wherever_in_a_lap_there_was_news() {
    for listeners in [1, 63, 64, 65, 100, 128, 200] {
        let mut world = World::new(quiet());
        let crowd: Vec<_> = (0..listeners).map(|_| world.listen_open("t")).collect();
        for steps in 0..2 * listeners {
            world.publish("t", "1");
            for _ in 0..steps {
                world.step();
            }
            world.publish("t", "2");
            world.run();
            let before = world.woken.count();

            world.publish("t", "3");

            assert_eq!(world.woken.count(), before + 1, "{listeners}, news after {steps} writes");
            world.run();
            let all = ["1", "2", "3"].map(ping).concat();
            assert!(crowd.iter().all(|pipe| pipe.take() == all));
        }
    }
}

#[test]
fn one_who_comes_during_a_lap_gets_what_is_published_from_then_on() {
    let mut world = World::new(quiet());
    let crowd: Vec<_> = (0..200).map(|_| world.listen_open("t")).collect();
    world.publish("t", "before");
    for _ in 0..100 {
        world.step();
    }
    let late = world.listen("t");
    world.publish("t", "after");
    world.run();

    assert_eq!(late.take(), OPEN.to_owned() + &ping("after"));
    assert!(crowd.iter().all(|pipe| pipe.take() == ping("before") + &ping("after")));
}

#[test]
fn whoever_leaves_during_a_lap_takes_nothing_from_anybody() {
    // Every second one, from the front, and from the back.
    for is_reversed in [false, true] {
        let mut world = World::new(quiet());
        let crowd: Vec<_> = (0..300).map(|_| world.listen_open("t")).collect();
        let mut leaving: Vec<_> = crowd.iter().step_by(2).cloned().collect();
        if is_reversed {
            leaving.reverse();
        }
        for round in 0..4 {
            world.publish("t", &round.to_string());
            for pipe in leaving.drain(..(leaving.len() / 2).max(1).min(leaving.len())) {
                world.step();
                world.engine.handle_left(pipe.key());
                world.step();
            }
        }
        world.run();

        let all: String = (0..4).map(|round| ping(&round.to_string())).collect();
        let staying = crowd.iter().skip(1).step_by(2);
        for pipe in staying {
            assert_eq!(pipe.take(), all, "{}", pipe.number());
        }
    }
}

#[test]
fn a_write_holds_as_many_whole_frames_as_have_room_and_never_more_than_64_kib() {
    for (framing, max) in [(Framing::Plain, 16 << 10), (Framing::Chunked, 64 << 10)] {
        let mut world = World::with_framing(quiet(), framing);
        let pipe = world.listen_open("t");
        world.writes.clear();
        for _ in 0..300 {
            world.publish("t", &data(1_000));
        }
        world.run();

        let frame = framing.frame(ping(&data(1_000)).into()).len();
        let whole = max / frame * frame;
        let lens: Vec<_> = world.writes.iter().map(|(_, count)| *count).collect();
        let (last, full) = lens.split_last().unwrap();
        assert!(full.iter().all(|len| *len == whole), "{lens:?}");
        assert_eq!(full.len() * whole + last, 300 * frame);
        assert_eq!(pipe.take(), ping(&data(1_000)).repeat(300));
    }
}

#[test]
fn an_engine_that_is_dropped_leaves_nothing_behind() {
    for steps in 0..12 {
        let mut world = World::new(quiet());
        let mut other = world.sibling(Framing::Plain);
        let stays = other.listen_open("t");
        for n in 0..6 {
            let pipe = world.listen_open("t");
            pipe.set_room(if n % 2 == 0 { 3 } else { usize::MAX });
        }
        world.publish("t", "1");
        // In the middle of a turn, too.
        for _ in 0..steps {
            world.step();
        }
        world.engine = sse_core::hub::Engine::new(Framing::Plain);

        assert_eq!(world.hub.counts().listeners, 1, "after {steps} steps");
        other.run();
        assert_eq!(stays.take(), ping("1"));
        assert_eq!(world.hub.counts().unread_bytes, 0);
        world.publish("t", "2");
        other.run();
        assert_eq!(stays.take(), ping("2"));
    }
}

#[test]
#[should_panic(expected = "3 bytes were taken of 2")]
fn more_than_there_was_cannot_be_taken() {
    let mut world = World::new(quiet());
    let mut engine = sse_core::hub::Engine::new(Framing::Plain);
    let subscriber = world.hub.subscribe(&token("t"), world.now).unwrap();
    let mut polled = subscriber;
    let _open = polled.poll_output(std::task::Waker::noop(), world.now);
    engine.add(polled, "ab".into(), (), world.now);
    world.run();
    let Delivery::Write { .. } = engine.poll_output(std::task::Waker::noop(), world.now) else {
        panic!("there is a head");
    };
    engine.handle_written(3, world.now);
}

#[test]
#[should_panic(expected = "there was nothing to write")]
fn nothing_can_be_taken_where_there_is_nothing() {
    let mut world = World::new(quiet());
    world.engine.handle_written(0, world.now);
}

#[test]
fn one_who_reads_on_gets_a_whole_write_beside_one_who_leaves_and_stands_in_the_same_place() {
    let mut world = World::new(quiet().with_mode(Mode::Takeover).with_history(History::new(1)));
    let old = world.listen("t");
    world.run();
    let first = old.take();
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    old.set_room(0);
    world.publish("t", "1");
    world.run();
    let start = Start::from(LastEventId::new(Some(id.as_bytes()), None));
    let subscriber = world.hub.subscribe_from(&token("t"), &start, world.now).unwrap();
    let new = world.add(subscriber);
    // There is room for what it begins with, and no more.
    new.set_room(HEAD.len() + first.len() - "fresh".len() + "ok".len());
    world.run();
    world.publish("t", "2");
    world.writes.clear();

    world.open_up(&old, usize::MAX);
    world.open_up(&new, usize::MAX);
    world.run();

    let of_new = world.writes.iter().filter(|(pipe, _)| *pipe == new.number());
    assert_eq!(of_new.count(), 1, "{:?}", world.writes);
    assert_eq!(new.take().matches("event: ping").count(), 2);
    let read = old.take();
    assert!(read.contains("data: 1\n") && !read.contains("data: 2\n"), "{read}");
}
