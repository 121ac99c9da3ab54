use std::{sync::Arc, task::Waker};

use sse_core::{HubEvent, HubEvents, LogConfig, Mode};

use crate::support::{Woken, World, history, quiet, token};

#[test]
fn a_watcher_sees_channels_open_fill_empty_and_close_in_order() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut events = world.hub.watch();

    let (one, other) = (world.listen("t"), world.listen("t"));
    drop(one);
    drop(other);

    let token = token("t");
    assert_eq!(
        all(&mut events),
        [
            HubEvent::Opened { token: token.clone() },
            HubEvent::FirstListener { token: token.clone() },
            HubEvent::LastListener { token: token.clone() },
            HubEvent::Closed { token },
        ],
    );
}

#[test]
fn a_watcher_sees_gaps_and_overruns() {
    let log = LogConfig::default().with_max_bytes(1_000);
    let history = history().with_max_events(1);
    let world = World::new(quiet().with_log(log).with_history(history));
    let mut events = world.hub.watch();
    let _slow = world.listen("t");
    for _ in 0..20 {
        world.post("t", "1").wake();
    }
    let back = world.resume("t", "no id");
    let seen = all(&mut events);

    let token = token("t");
    assert!(seen.contains(&HubEvent::Overrun { token: token.clone(), listeners: 1 }), "{seen:?}");
    let sse_core::Verdict::Gap(gap) = back.resume().unwrap().verdict().clone() else {
        panic!("no such id was given");
    };
    assert_eq!(seen.last(), Some(&HubEvent::Gap { token, gap }));
    assert_eq!((world.hub.counts().overruns, world.hub.counts().gaps), (1, 1));
}

#[test]
fn an_idle_watcher_is_woken_and_a_slow_one_is_told_what_it_missed() {
    let world = World::new(quiet());
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), None);
    let listener = world.listen("t");
    assert_eq!(woken.count(), 1);
    drop(listener);
    for _ in 0..2_000 {
        drop(world.listen("t"));
    }

    let seen = all(&mut events);

    assert_eq!(seen.len(), 4_097);
    assert_eq!(seen.last(), Some(&HubEvent::Missed { events: 4 * 2_001 - 4_096 }));
    drop(world.listen("t"));
    assert_eq!(all(&mut events).len(), 4, "it goes on from there");
}

#[test]
fn a_watcher_that_is_gone_costs_nothing() {
    let world = World::new(quiet());
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), None);

    drop(events);

    assert_eq!(Arc::strong_count(&woken), 1, "its waker is given back");
    drop(world.listen("t"));
    assert_eq!(woken.count(), 0);
}

fn all(events: &mut HubEvents) -> Vec<HubEvent> {
    std::iter::from_fn(|| events.poll_next(Waker::noop())).collect()
}
