use std::task::Waker;

use sse_core::{CloseReason, LogConfig, Mode, OnOverrun, Output, Since, Verdict};

use crate::support::{World, event, fresh, gap, history, quiet, token};

#[test]
fn a_slow_reader_is_told_of_the_gap_in_its_stream_and_goes_on() {
    let log = LogConfig::default().with_max_bytes(2_000);
    let config = quiet().with_log(log).with_on_overrun(OnOverrun::Gap);
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
    let log = LogConfig::default().with_max_bytes(1_000);
    let world = World::new(quiet().with_log(log).with_on_overrun(OnOverrun::Gap));
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
    let log = LogConfig::default().with_max_bytes(2_000);
    let history = history().with_max_events(3);
    let world = World::new(quiet().with_log(log).with_history(history));
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
    assert!((80..97).contains(&missed), "{missed}");
    assert_eq!(world.hub.listeners(&token("t")), 0, "the token is free before it is dropped");
    let back = world.resume("t", &first);
    let Verdict::Gap(told) = back.resume().unwrap().verdict() else {
        panic!("it missed events");
    };
    assert_eq!(told.missed(), Some(97), "what only the slow one needed is not held any more");
}

#[test]
fn whoever_reads_is_not_held_up_by_who_does_not() {
    let log = LogConfig::default().with_max_bytes(2_000);
    let config = quiet().with_mode(Mode::Shared).with_log(log).with_on_overrun(OnOverrun::Gap);
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
