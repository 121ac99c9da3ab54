//! What is held because someone has still to read it.

use std::task::Waker;

use sse_core::{
    channel::{Mode, OnOverrun, Output},
    history::History,
};

use crate::support::{FRAME, World, quiet, token};

#[test]
fn the_log_of_a_channel_is_bounded_by_bytes_and_the_bookkeeping_of_each_frame_counts() {
    for (len, unit) in [(0, 20), (1_000, 1_020)] {
        let max = 50 * (unit + FRAME);
        for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
            let config = quiet().with_max_log_bytes(max).with_on_overrun(on_overrun);
            let world = World::new(config.with_mode(Mode::Shared));
            let mut reading = world.listen("t");
            let _stalled = world.listen("t");
            let mut most = 0;
            for _ in 0..500 {
                world.publish("t", len);
                most = most.max(world.counts().unread_bytes);
                world.read(&mut reading);
            }
            assert_eq!(most, max, "full, and never more");
        }
    }
}

#[test]
fn with_everyone_at_the_end_nothing_is_held() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut crowd: Vec<_> = (0..10).map(|_| world.listen("t")).collect();

    for round in 0..20 {
        world.publish("t", 1_000);
        world.publish("t", 100_000);
        for listener in &mut crowd {
            assert!(0 < world.counts().unread_bytes, "one has still to read it");
            world.read(listener);
        }
        let counts = world.counts();
        assert_eq!((counts.unread_bytes, counts.joined_bytes), (0, 0), "round {round}");
    }
}

#[test]
fn what_everybody_has_read_is_not_held_although_nobody_is_ever_at_the_end_with_all_others() {
    let config = quiet().with_mode(Mode::Shared).with_max_total_bytes(10_000);
    let world = World::new(config);
    let mut listeners = [world.listen("t"), world.listen("t")];

    for round in 0..2_000 {
        world.publish("t", 1_000);
        assert!(world.counts().unread_bytes <= 2 * (1_020 + FRAME), "round {round}");
        world.read(&mut listeners[round % 2]);
    }

    assert_eq!((world.counts().listeners, world.counts().overruns), (2, 0), "nobody was cut");
}

#[test]
fn a_long_event_is_counted_once_however_many_are_in_the_middle_of_it() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut crowd: Vec<_> = (0..50).map(|_| world.listen("t")).collect();
    world.publish("t", 1 << 20);

    for listener in &mut crowd {
        let output = listener.poll_output(Waker::noop(), world.now);
        assert!(matches!(output, Output::Write(bytes) if bytes.len() <= 16 << 10));
    }

    assert_eq!(world.counts().unread_bytes, (1 << 20) + 20 + FRAME);
    drop(crowd);
    assert_eq!(world.counts().unread_bytes, 0);
}

#[test]
fn beyond_the_total_the_channel_with_the_most_unread_is_cut_first_and_as_few_as_will_do() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let mut stalled = Vec::new();
    for (name, len) in [("10", 10_000), ("30", 30_000), ("20", 20_000), ("25", 25_000)] {
        stalled.push((name, world.listen(name)));
        world.fill(name, len);
    }
    let mut healthy = world.listen("healthy");
    assert_eq!(world.counts().unread_bytes, 85_000);

    let cut = world.fill("healthy", 15_000);
    assert!(cut.is_empty(), "the bound is not passed");
    let cut = world.publish("healthy", 1);

    assert_eq!(cut, ["30"]);
    assert_eq!(world.counts().unread_bytes, 70_000 + 21 + FRAME);
    assert_eq!(world.read(&mut healthy), 15_000 - FRAME + 21);
    for (name, listener) in &mut stalled {
        let end = world.end(listener);
        assert_eq!(matches!(end, Output::Close(_)), *name == "30", "{name}");
    }
}

#[test]
fn the_channel_that_was_just_published_to_is_cut_last() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let mut small: Vec<_> = (0..6).map(|n| world.listen(&n.to_string())).collect();
    for n in 0..6 {
        world.fill(&n.to_string(), 10_000);
    }
    let mut large = world.listen("large");

    let cut = world.fill("large", 90_000);

    assert_eq!(cut.len(), 6, "they do not fit beside it");
    assert_eq!(world.read(&mut large), 90_000 - FRAME, "it had no time to read");
    for listener in &mut small {
        assert!(matches!(world.end(listener), Output::Close(_)));
    }
}

#[test]
fn after_a_cut_at_the_total_an_eighth_is_free() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let _stalled: Vec<_> = (0..100).map(|n| world.listen(&n.to_string())).collect();
    for n in 0..100 {
        world.fill(&n.to_string(), 1_000);
    }
    assert_eq!(world.counts().unread_bytes, 100_000);

    let cut = world.fill("0", 1_000);

    assert_eq!(cut.len(), 14, "13 000 and one more are let go, or as many as will do");
    assert_eq!(world.counts().unread_bytes, 87_000);
}

#[test]
fn a_channel_without_a_token_is_cut_like_any_other() {
    for how in ["close", "takeover", "closed and begun anew"] {
        let mode = if how == "takeover" { Mode::Takeover } else { Mode::Exclusive };
        let world = World::new(quiet().with_mode(mode).with_max_total_bytes(100_000));
        let mut old = world.listen("t");
        world.publish("t", 98_000);
        match how {
            "takeover" => drop(world.hub.subscribe(&token("t"), world.now).unwrap()),
            _ => world.hub.close(&token("t"), world.now).unwrap().wake(),
        }
        let _next = (how == "closed and begun anew").then(|| world.listen("t"));
        let mut healthy = world.listen("u");

        for round in 0..10 {
            let cut = world.publish("u", 5_000);
            assert_eq!(cut, if round == 0 { &["t"][..] } else { &[] }, "{how} {round}");
            let (read, end) = (world.read(&mut healthy), world.end(&mut healthy));
            assert_eq!((read, end), (5_020, Output::Wait { until: None }), "{how} {round}");
        }
        assert_eq!(world.counts().unread_bytes, 0);
        assert!(matches!(world.end(&mut old), Output::Close(_)));
    }
}

#[test]
fn what_is_remembered_is_no_part_of_what_is_unread_and_never_cuts_a_listener() {
    let config = quiet().with_history(History::new(1)).with_max_total_bytes(5_000);
    let world = World::new(config.with_max_log_bytes(5_000));
    let mut stalled = world.listen("t");

    for _ in 0..100 {
        world.publish("t", 1_000);
    }

    let counts = world.counts();
    assert_eq!((counts.listeners, counts.overruns, counts.unread_bytes), (1, 0, 0));
    assert!(100_000 < counts.history_bytes);
    assert!(100_000 < world.read(&mut stalled), "it is all there");
}

#[test]
fn channels_that_end_are_cut_however_few_channels_there_may_be() {
    let world = World::new(quiet().with_max_channels(1).with_max_total_bytes(100_000));
    let mut ending = Vec::new();
    for round in 0..20 {
        ending.push(world.listen("t"));
        world.publish("t", 30_000);
        assert!(world.counts().unread_bytes <= 100_000, "in round {round}");
        world.hub.close(&token("t"), world.now).unwrap().wake();
    }

    let held = ending.iter_mut().map(|listener| world.read(listener)).filter(|&len| 0 < len);
    let held = held.count();
    assert!((1..=3).contains(&held), "{held} streams still had their event");
}

#[test]
fn a_great_many_channels_with_little_to_read_each_are_cut_as_well() {
    let config = quiet().with_max_channels(200).with_max_total_bytes(10_000);
    let world = World::new(config);
    let _stalled: Vec<_> = (0..200).map(|n| world.listen(&n.to_string())).collect();

    for n in 0..200 {
        let _cut_before = world.hub.publish(&token(&n.to_string()), "ping", b"", world.now);
        assert!(world.counts().unread_bytes <= 10_000, "after {n}");
    }
}

#[test]
fn a_write_that_was_joined_for_one_listener_cuts_nobody() {
    let config = quiet().with_mode(Mode::Shared).with_max_total_bytes(100_000);
    let world = World::new(config);
    let mut quick = world.listen("t");
    let mut slow = world.listen("t");
    for _ in 0..95 {
        world.fill("t", 1_000);
    }

    let output = quick.poll_output(Waker::noop(), world.now);
    assert!(matches!(output, Output::Write(bytes) if 15_000 < bytes.len()));
    let cut = world.fill("t", 1_000);

    assert!(cut.is_empty(), "{:?}", world.counts());
    assert_eq!(world.read(&mut slow), 96 * (1_000 - FRAME));
}

#[test]
fn beside_a_large_event_of_its_own_a_channel_that_fits_is_not_cut() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let _stalled = world.listen("stalled");
    world.fill("stalled", 10_000);
    let mut ready = world.listen("ready");

    let cut = world.fill("ready", 95_000);

    assert_eq!(cut, ["stalled"], "once it is gone, what is there is less than may be");
    assert_eq!(world.read(&mut ready), 95_000 - FRAME);
    world.fill("ready", 100_000);
    assert_eq!(world.read(&mut ready), 100_000 - FRAME, "all that may be");
}

#[test]
fn nobody_is_cut_while_another_channel_has_more_than_twice_as_much_unread() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let mut slowly = world.listen("slowly");
    let mut at_once = world.listen("at once");
    for _ in 0..45 {
        world.fill("slowly", 1_000);
    }
    world.fill("at once", 22_000);
    let mut ready = world.listen("ready");

    let cut = world.fill("ready", 34_000);

    assert_eq!(cut, ["slowly"]);
    assert!(matches!(world.end(&mut slowly), Output::Close(_)));
    assert_eq!(world.read(&mut at_once), 22_000 - FRAME);
    assert_eq!(world.read(&mut ready), 34_000 - FRAME);
}

#[test]
fn what_was_read_meanwhile_is_not_held_against_a_channel() {
    let world = World::new(quiet().with_max_total_bytes(100_000));
    let mut quick = world.listen("quick");
    world.fill("quick", 90_000);
    assert_eq!(world.read(&mut quick), 90_000 - FRAME);
    world.fill("quick", 1_000);
    let _stalled = world.listen("stalled");
    world.fill("stalled", 80_000);
    let mut ready = world.listen("ready");

    let cut = world.fill("ready", 30_000);

    assert_eq!(cut, ["stalled"]);
    assert_eq!(world.read(&mut quick), 1_000 - FRAME);
    assert_eq!(world.read(&mut ready), 30_000 - FRAME);
}
