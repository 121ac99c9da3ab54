//! What listeners cost an engine and its hub, seen from outside. The memory is that of the process, so there is one
//! test here, and no other in its binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the tests of engines need more of it")]
#[path = "engines/support.rs"]
mod support;

use std::time::Duration;

use sse_core::{channel::Framing, history::Start, hub::Engine};

use support::{World, alice, data, epoch, quiet, token};

/// The memory of this process that is its own, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn listeners_cost_little_while_they_are_idle_and_while_they_take_nothing() {
    // In this order: what the first part frees, the second one may use.
    an_idle_listener_with_a_grant_costs_less_than_512_bytes_whatever_it_has_lived_through();
    a_crowd_whose_sockets_are_full_keeps_no_copies();
}

fn an_idle_listener_with_a_grant_costs_less_than_512_bytes_whatever_it_has_lived_through() {
    const LISTENERS: usize = 10_000;
    let hub = sse_core::Hub::new(
        quiet().with_keepalive(Some(Duration::from_secs(15))).with_max_listeners(LISTENERS),
    );
    let mut now = epoch();
    let mut engine = Engine::new(Framing::Chunked);
    let run = |engine: &mut Engine<u32>, now| loop {
        match engine.poll_output(std::task::Waker::noop(), now) {
            sse_core::hub::Delivery::Write { bytes, .. } => {
                let count = bytes.len();
                engine.handle_written(count, now);
            }
            sse_core::hub::Delivery::Wait { until } => return until,
            sse_core::hub::Delivery::End { .. } => panic!("nothing ends"),
        }
    };
    let (start, alice) = (Start::default(), alice());
    let before = resident();
    for n in 0..LISTENERS {
        let subscriber = hub.subscribe_granted(&token("t"), &start, Some(&alice), now).unwrap();
        engine.add(subscriber, "HTTP/1.1 200 OK\r\n\r\n".into(), n as u32, now);
        run(&mut engine, now);
    }
    // Events for all of them at once, and comments.
    for _ in 0..10 {
        hub.publish(&token("t"), "ping", b"1", now).unwrap().wake();
        run(&mut engine, now);
        now = run(&mut engine, now).unwrap();
    }
    let each = resident().saturating_sub(before) / LISTENERS;

    assert_eq!(engine.len(), LISTENERS);
    assert!(each < 512, "{each} bytes for each");
    assert!(64 < each, "only {each} bytes for each are not to be believed");
}

fn a_crowd_whose_sockets_are_full_keeps_no_copies() {
    const LISTENERS: usize = 2_000;
    let mut world = World::with_framing(quiet(), Framing::Chunked);
    let crowd: Vec<_> = (0..LISTENERS).map(|_| world.listen_open("t")).collect();
    for pipe in &crowd {
        pipe.set_room(5_000);
    }
    let before = resident();
    for _ in 0..20 {
        world.publish("t", &data(15_000));
    }
    world.run();
    let each = (resident().saturating_sub(before)) / LISTENERS;

    // What the pipes of this test have taken is theirs.
    let taken = 5_000 * 2;
    assert!(each < taken + 1_000, "{each} bytes for each");
    assert!(crowd.iter().all(|pipe| pipe.len() == 5_000));
}
