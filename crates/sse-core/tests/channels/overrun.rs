use std::{task::Waker, time::Duration};

use sse_core::{
    channel::{CloseReason, Mode, OnOverrun, Output},
    history::{Since, Verdict},
};

use crate::support::{OPEN, World, bounded, cost, event, fresh, gap, history, ping, token};

#[test]
fn a_slow_reader_is_told_of_the_gap_in_its_stream_and_goes_on() {
    let config = bounded(2_000).with_on_overrun(OnOverrun::Gap);
    let world = World::new(config.with_history(history().with_max_events(3)));
    let mut slow = world.listen("t");
    let zero = slow.resume().unwrap().anchor();
    assert_eq!(world.read(&mut slow), fresh(zero));
    let ids: Vec<_> = (0..100).map(|n| world.publish("t", &n.to_string())).collect();

    assert_eq!(world.hub.listeners(&token("t")), 1, "it still listens");
    let read = world.read(&mut slow);
    let first = ids.iter().position(|id| read.contains(&format!("id: {id}\n\nevent: ping")));
    let first = first.unwrap() + 1;
    assert!((80..97).contains(&first), "{first}");
    let told = gap(&ids[first - 1], "trimmed", &format!("\"{zero}\""), &first.to_string());
    let rest: String = (first..100).map(|n| event(&ids[n], &n.to_string())).collect();
    assert_eq!(read, told + &rest);
    let live = world.publish("t", "live");
    assert_eq!(world.read(&mut slow), event(&live, "live"));
    assert!(0 < world.hub.counts().overruns);
}

#[test]
fn without_history_the_gap_has_no_ids() {
    let world = World::new(bounded(1_000).with_on_overrun(OnOverrun::Gap));
    let mut slow = world.listen("t");
    for n in 0..20 {
        world.post("t", &n.to_string()).wake();
    }

    let read = world.read(&mut slow);

    let kept = read.matches("event: ping").count();
    let told = "event: sse.gap\ndata: {\"reason\":\"trimmed\",\"requested\":null,\"missed\":";
    assert!(read.starts_with(&format!("{told}{}}}\n\n", 20 - kept)), "{read}");
    assert!(read.ends_with("event: ping\ndata: 19\n\n"), "{read}");
}

#[test]
fn a_slow_reader_that_is_cut_comes_back_and_is_told() {
    let history = history().with_max_events(3);
    let world = World::new(bounded(2_000).with_history(history));
    let mut slow = world.listen("t");
    let first = world.publish("t", "first");
    assert!(world.read(&mut slow).ends_with(&event(&first, "first")));
    for n in 0..100 {
        world.post("t", &n.to_string()).wake();
    }

    let Output::Close(CloseReason::Overrun { missed }) = slow.poll_output(Waker::noop(), world.now)
    else {
        panic!("it is far behind");
    };
    assert!((1..97).contains(&missed), "{missed}");
    assert_eq!(world.hub.listeners(&token("t")), 0, "the token is free before it is dropped");
    let back = world.resume("t", &first);
    let Verdict::Gap(told) = back.resume().unwrap().verdict() else {
        panic!("it missed events");
    };
    assert_eq!(told.missed(), Some(97), "what only the slow one needed is not held any more");
}

#[test]
fn whoever_reads_is_not_held_up_by_who_does_not() {
    let config = bounded(2_000).with_mode(Mode::Shared).with_on_overrun(OnOverrun::Gap);
    let world = World::new(config.with_history(history().with_max_events(3)));
    let mut slow = world.listen("t");
    let mut healthy = world.listen("t");
    world.read(&mut healthy);
    for n in 0..1_000 {
        let id = world.publish("t", &n.to_string());
        assert_eq!(world.read(&mut healthy), event(&id, &n.to_string()));
        let counts = world.hub.counts();
        assert!(counts.unread_bytes <= 2_000, "{counts:?}");
    }
    assert!(world.read(&mut slow).contains("sse.gap"));
}

#[test]
fn a_late_listener_replays_what_is_kept_in_joined_writes() {
    let history = history().with_max_events(10_000).with_max_bytes(64 << 20);
    let world = World::remembering(history);
    for n in 0..10_000 {
        world.post("t", &n.to_string()).wake();
    }
    let mut late = world.listen_since("t", Since::Earliest);
    let (mut writes, mut read) = (0, String::new());
    while let Output::Write(bytes) = late.poll_output(Waker::noop(), world.now) {
        writes += 1;
        read += str::from_utf8(&bytes).unwrap();
        assert!(bytes.len() <= 16 << 10);
    }

    let data = read.lines().filter_map(|line| line.strip_prefix("data: "));
    let data: Vec<_> = data.skip(1).collect();
    let expected: Vec<_> = (0..10_000).map(|n| n.to_string()).collect();
    assert_eq!(data, expected);
    assert!(writes < read.len() / (15 << 10) + 3, "{writes} writes for {} bytes", read.len());
}

#[test]
fn nobody_falls_out_who_is_behind_by_less_than_the_bound() {
    let frame = cost(&ping("1"));
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        let world = World::new(bounded(100 * frame).with_on_overrun(on_overrun));
        let mut slow = world.listen("t");
        for n in 0..100 {
            let published = world.post("t", "1");
            assert!(published.overrun().is_empty(), "event {n}");
            published.wake();
        }
        assert_eq!(world.counts().unread_bytes, 100 * frame, "all that may be");

        let published = world.post("t", "1");

        assert_eq!(published.overrun()[0].listeners, 1);
        published.wake();
        if on_overrun == OnOverrun::Gap {
            assert_eq!(world.counts().unread_bytes, 93 * frame, "a sixteenth is made free");
            let read = world.read(&mut slow);
            assert!(read.contains("\"missed\":8}"), "{read}");
        } else {
            assert_eq!(world.counts().unread_bytes, 0, "nothing is kept for who is cut");
            let (read, reason) = world.read_to_end(&mut slow);
            assert_eq!(read, "");
            assert!(matches!(reason, CloseReason::Overrun { missed: 8.. }), "{reason:?}");
        }
    }
}

#[test]
fn of_two_the_one_that_is_further_behind_falls_out() {
    let frame = cost(&ping("1"));
    let world = World::new(bounded(100 * frame).with_mode(Mode::Shared));
    let mut stalled = world.listen("t");
    for _ in 0..50 {
        world.post("t", "1").wake();
    }
    let mut slow = world.listen("t");

    for _ in 0..51 {
        world.post("t", "1").wake();
    }

    assert_eq!(world.hub.listeners(&token("t")), 1);
    assert_eq!(world.counts().unread_bytes, 51 * frame);
    let (_, reason) = world.read_to_end(&mut stalled);
    assert!(matches!(reason, CloseReason::Overrun { .. }), "{reason:?}");
    assert_eq!(world.read(&mut slow), ping("1").repeat(51));
}

#[test]
fn who_is_in_the_middle_of_a_long_event_is_cut_since_nothing_may_come_in_between() {
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        let world = World::new(bounded(100_000).with_on_overrun(on_overrun));
        let mut slow = world.listen("t");
        let long = "x".repeat(90_000);
        world.post("t", &long).wake();
        let Output::Write(_) = slow.poll_output(Waker::noop(), world.now) else {
            panic!("the event begins");
        };

        world.post("t", &long).wake();

        let (read, reason) = world.read_to_end(&mut slow);
        assert_eq!(read, "", "{on_overrun:?}");
        assert!(matches!(reason, CloseReason::Overrun { .. }), "{reason:?}");
        assert_eq!(world.hub.listeners(&token("t")), 0);
    }
}

#[test]
fn a_stream_begins_with_its_first_block_whatever_happened_meanwhile() {
    for (on_overrun, then) in [(OnOverrun::Close, ""), (OnOverrun::Gap, "event: sse.gap\n")] {
        let world = World::new(bounded(1_000).with_on_overrun(on_overrun));
        let mut slow = world.hub.subscribe(&token("t"), world.now).unwrap();
        for _ in 0..20 {
            let _none_is_left = world.hub.publish(&token("t"), "ping", b"1", world.now);
        }

        let read = world.read(&mut slow);

        let rest = read.strip_prefix(OPEN).unwrap();
        assert!(rest.starts_with(then) && rest.is_empty() == then.is_empty(), "{rest}");
    }
}

#[test]
fn who_leaves_its_place_to_another_is_cut_like_any_other_when_it_does_not_read() {
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        let config = bounded(1_000).with_mode(Mode::Takeover).with_on_overrun(on_overrun);
        let world = World::new(config);
        let mut old = world.listen("t");
        world.post("t", "for the old one").wake();
        let mut new = world.listen("t");
        assert_eq!((world.counts().listeners, world.counts().leaving), (1, 1));
        for _ in 0..20 {
            world.post("t", "1").wake();
            assert_eq!(world.read(&mut new), ping("1"));
        }

        assert_eq!(world.counts().unread_bytes, 0, "{on_overrun:?}");
        let (read, reason) = world.read_to_end(&mut old);
        assert_eq!(read, "");
        assert!(matches!(reason, CloseReason::Overrun { missed: 1.. }), "{reason:?}");
        assert_eq!(world.hub.listeners(&token("t")), 1);
    }
}

#[test]
fn what_is_no_longer_remembered_has_to_be_read_within_the_bound_too() {
    let history = history().with_max_age(Some(AGE));
    let ends: [fn(&mut World); 3] = [
        |world| world.hub.close(&token("t"), world.now).unwrap().wake(),
        |world| world.hub.shutdown().wake(),
        |world| {
            world.pass(AGE);
            world.hub.expire(world.now);
        },
    ];
    for (way, end) in ends.iter().enumerate() {
        for events in [5, 100] {
            let mut world = World::new(bounded(1_000).with_history(history.clone()));
            for _ in 0..events {
                world.post("t", "1").wake();
            }
            let mut late = world.listen_since("t", Since::Earliest);

            end(&mut world);

            assert!(world.counts().unread_bytes <= 1_000, "way {way}: {:?}", world.counts());
            let read = world.read(&mut late).matches("event: ping").count();
            let reason = late.poll_output(Waker::noop(), world.now);
            let is_cut = matches!(reason, Output::Close(CloseReason::Overrun { .. }));
            assert_eq!(
                (read, is_cut),
                if events == 5 { (5, false) } else { (0, true) },
                "way {way}"
            );
        }
    }
}

const AGE: Duration = Duration::from_secs(60);
