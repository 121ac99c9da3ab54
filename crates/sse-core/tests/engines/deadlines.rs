use std::time::Duration;

use sse_core::{
    HubConfig,
    channel::{CloseReason, Framing},
    hub::{Engine, StreamEnd},
};

use crate::support::{OPEN, World, alice, ping, quiet, token};

const KEEPALIVE: Duration = Duration::from_secs(15);
const COMMENT: &str = ":\n\n";

fn lively() -> HubConfig {
    quiet().with_keepalive(Some(KEEPALIVE))
}

/// Lets time pass until something is written to all, as the engine asks for; returns when.
fn run_until(world: &mut World, mut is_so: impl FnMut(&World) -> bool) -> Duration {
    let begun = world.now;
    while !is_so(world) {
        let until = world.run();
        if is_so(world) {
            break;
        }
        let until = until.expect("it waits for ever");
        assert!(world.now < until, "it wants to be asked at once, again and again");
        world.now = until;
        assert!(world.now < begun + Duration::from_secs(100), "nothing happens");
    }
    world.now - begun
}

#[test]
fn a_comment_follows_a_silence_that_began_with_any_kind_of_write() {
    let mut world = World::new(lively());
    let pipe = world.listen("t");
    world.run();
    assert_eq!(pipe.take(), OPEN);
    // Behind the first block, behind a comment, and behind an event.
    for n in 0..6 {
        let silence = run_until(&mut world, |_| 0 < pipe.len());
        assert_eq!(pipe.take(), COMMENT, "of silence {n}");
        assert!(KEEPALIVE <= silence, "{silence:?} of silence {n}");
        assert!(silence < KEEPALIVE + KEEPALIVE / 8, "{silence:?} of silence {n}");
        if n % 2 == 1 {
            world.pass(KEEPALIVE / 2);
            world.publish("t", "1");
            world.run();
            assert_eq!(pipe.take(), ping("1"));
        }
    }
}

#[test]
fn a_comment_follows_though_something_was_published_just_when_it_was_due() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(lively(), framing);
        let pipe = world.listen("t");
        world.run();
        pipe.take();
        for _ in 0..3 {
            // The engine looks at the stream for its deadline, and finds an event.
            world.pass(KEEPALIVE * 2);
            world.publish("t", "1");
            world.run();
            assert_eq!(pipe.take(), ping("1"));

            let silence = run_until(&mut world, |_| 0 < pipe.len());

            assert_eq!(pipe.take(), COMMENT);
            assert!(KEEPALIVE <= silence && silence < KEEPALIVE + KEEPALIVE / 8, "{silence:?}");
        }
    }
}

#[test]
fn no_comment_follows_what_was_left_of_a_write() {
    let mut world = World::new(lively());
    let pipe = world.listen_open("t");
    pipe.set_room(5);
    world.publish("t", "1");
    world.run();
    world.pass(KEEPALIVE * 2);
    world.run();

    world.open_up(&pipe, usize::MAX);
    world.run();

    assert_eq!(pipe.take(), ping("1"));
    let silence = run_until(&mut world, |_| 0 < pipe.len());
    assert!(KEEPALIVE <= silence, "{silence:?}");
}

#[test]
fn every_listener_of_a_crowd_has_its_own_time_for_a_comment_and_none_is_forgotten() {
    for keepalive in [1, 15, 120].map(Duration::from_secs) {
        let mut world = World::new(quiet().with_keepalive(Some(keepalive)));
        let crowd: Vec<_> = (0..300).map(|_| world.listen_open("t")).collect();
        let mut since = vec![world.now; crowd.len()];
        let end = world.now + 3 * keepalive;
        let mut instants = std::collections::HashSet::new();
        while world.now < end {
            world.now = world.run().unwrap();
            world.run();
            for (pipe, since) in crowd.iter().zip(&mut since) {
                let (text, silence) = (pipe.take(), world.now - *since);
                if text.is_empty() {
                    assert!(silence < keepalive + keepalive / 8, "nothing for {silence:?}");
                    continue;
                }
                assert_eq!(text, COMMENT);
                assert!(keepalive <= silence, "after {silence:?}");
                *since = world.now;
                instants.insert(world.now);
            }
        }
        assert!(8 < instants.len(), "they are written to at {} instants", instants.len());
    }
}

#[test]
fn a_stream_is_looked_at_once_for_a_comment_and_not_before_it_is_due() {
    for n in 0..20 {
        let mut world = World::new(lively());
        // Each who comes has another time of its own.
        (0..n).for_each(|_| drop(world.hub.subscribe(&token("t"), world.now)));
        let pipe = world.listen_open("t");
        world.now = world.run().unwrap();
        world.run();

        assert_eq!(pipe.take(), COMMENT, "of listener {n}");
    }
}

#[test]
fn a_hub_with_another_keepalive_makes_the_engine_neither_forget_nor_hurry() {
    let mut slow = World::new(lively());
    let old = slow.listen_open("t");
    // Another hub, whose comments are due ten times as often, with the same engine.
    let hub = sse_core::Hub::new(quiet().with_keepalive(Some(KEEPALIVE / 10)));
    let quick = slow.add(hub.subscribe(&token("t"), slow.now).unwrap());
    slow.run();
    quick.take();
    let (begun, mut comments) = (slow.now, 0);
    while old.len() == 0 {
        slow.now = slow.run().unwrap();
        slow.run();
        comments += quick.take().len() / COMMENT.len();
    }

    let silence = slow.now - begun;
    assert!(KEEPALIVE <= silence && silence < KEEPALIVE + KEEPALIVE / 8, "{silence:?}");
    assert!((8..=11).contains(&comments), "{comments}");
}

#[test]
fn nothing_is_due_where_there_is_no_keepalive_and_no_end() {
    let mut world = World::new(quiet());
    let _pipe = world.listen_open("t");

    assert_eq!(world.run(), None);
}

#[test]
fn a_grant_ends_a_stream_in_time_without_anything_else() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(quiet(), framing);
        let end = world.now + Duration::from_secs(90);
        let pipe = world.listen_granted("t", &alice().with_end(end));
        world.run();
        pipe.take();

        let lasted = run_until(&mut world, |_| 0 < pipe.len());

        assert_eq!(pipe.take_all().0, "event: sse.expired\ndata: {}\n\n");
        let late = lasted.checked_sub(Duration::from_secs(90)).expect("it is not too early");
        assert!(late <= Duration::from_millis(50), "{late:?}");
        assert_eq!(world.end_of(&pipe), Some(StreamEnd::Whole(CloseReason::Expired)));
        assert_eq!((world.hub.counts().granted, world.engine.len()), (0, 0));
    }
}

#[test]
fn a_drain_ends_all_within_its_window_one_after_the_other() {
    let window = Duration::from_secs(10);
    let mut world = World::with_framing(lively(), Framing::Chunked);
    let crowd: Vec<_> = (0..100).map(|_| world.listen_open("t")).collect();
    let stuck = world.listen_open("t");
    stuck.set_room(0);
    world.publish("t", "1");
    world.run();
    crowd.iter().for_each(|pipe| drop(pipe.take()));
    let begun = world.now;
    world.hub.drain(window, world.now).wake();
    let mut left = Vec::new();
    while world.now < begun + window {
        left.push(world.engine.len());
        world.now = world.run().unwrap();
    }
    world.run();

    assert!(left.windows(2).all(|two| two[1] <= two[0]), "{left:?}");
    left.dedup();
    assert!(20 < left.len(), "they end at {} instants", left.len());
    for pipe in &crowd {
        let (text, is_over) = pipe.take_all();
        assert!(text.starts_with("retry: ") && is_over, "{text:?}");
        assert_eq!(world.end_of(pipe), Some(StreamEnd::Whole(CloseReason::Shutdown)));
    }
    assert_eq!(world.end_of(&stuck), None);
    world.open_up(&stuck, usize::MAX);
    world.run();
    let (text, is_over) = stuck.take_all();
    assert!(text.starts_with(&(ping("1") + "retry: ")) && is_over, "{text:?}");
}

#[test]
fn who_can_be_written_again_has_not_stalled_however_late_the_engine_is() {
    let stall = Duration::from_secs(10);
    for rest in [0, 5] {
        let mut world = World::new(quiet());
        world.engine = Engine::new(Framing::Plain).with_stall_timeout(Some(stall));
        let pipe = world.listen_open("t");
        pipe.set_room(rest);
        world.publish("t", "1");
        world.run();
        world.pass(stall * 3);

        world.open_up(&pipe, rest + 1);
        world.run();
        assert_eq!((world.end_of(&pipe), pipe.len()), (None, 2 * rest + 1));
        world.pass(stall + Duration::from_millis(50));
        world.run();

        assert_eq!(world.end_of(&pipe), Some(StreamEnd::Stalled));
    }
}

#[test]
fn who_takes_nothing_for_too_long_is_ended_and_who_takes_a_little_is_not() {
    let stall = Duration::from_secs(10);
    let mut world = World::new(quiet());
    world.engine = Engine::new(Framing::Plain).with_stall_timeout(Some(stall));
    let (stuck, slow) = (world.listen_open("t"), world.listen_open("t"));
    let begun = world.now;
    stuck.set_room(0);
    slow.set_room(0);
    world.publish("t", "1");
    world.run();
    let mut ended = None;
    for _ in 0..300 {
        world.pass(Duration::from_millis(100));
        // That a socket can be written again is no proof that it takes anything.
        world.open_up(&stuck, 0);
        if (world.now - begun).as_millis().is_multiple_of(1_000) {
            world.publish("t", "2");
            world.open_up(&slow, 1);
        }
        world.run();
        if ended.is_none() && world.end_of(&stuck).is_some() {
            ended = Some(world.now - begun);
        }
    }

    assert_eq!(world.end_of(&stuck), Some(StreamEnd::Stalled));
    let ended = ended.unwrap();
    assert!(stall <= ended && ended <= stall + Duration::from_millis(200), "{ended:?}");
    assert_eq!(world.end_of(&slow), None);
}
