use std::{
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use sse_core::{
    channel::Mode,
    hub::{HubEvent, Watcher},
};

use crate::support::{Woken, World, bounded, epoch, history, quiet, token};

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
            HubEvent::FirstListener { token: token.clone(), listeners: 1 },
            HubEvent::LastListener { token: token.clone(), listeners: 0 },
            HubEvent::Closed { token },
        ],
    );
}

#[test]
fn a_watcher_sees_gaps_and_overruns() {
    let world = World::new(bounded(1_000).with_history(history().with_max_events(1)));
    let mut events = world.hub.watch();
    let _slow = world.listen("t");
    for _ in 0..20 {
        world.post("t", "1").wake();
    }
    let back = world.resume("t", "no id");
    let seen = all(&mut events);

    let token = token("t");
    assert!(seen.contains(&HubEvent::Overrun { token: token.clone(), listeners: 1 }), "{seen:?}");
    let sse_core::history::Verdict::Gap(gap) = back.resume().unwrap().verdict().clone() else {
        panic!("no such id was given");
    };
    assert_eq!(seen.last(), Some(&HubEvent::Gap { token, gap }));
    assert_eq!((world.hub.counts().overruns, world.hub.counts().gaps), (1, 1));
}

#[test]
fn an_idle_watcher_is_woken_and_a_slow_one_is_told_what_it_missed() {
    let world = World::new(quiet());
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);
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
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);

    drop(events);

    assert_eq!(Arc::strong_count(&woken), 1, "its waker is given back");
    drop(world.listen("t"));
    assert_eq!(woken.count(), 0);
}

#[test]
fn a_watcher_begins_with_the_channels_there_are_and_goes_on_from_there() {
    let world = World::new(quiet().with_mode(Mode::Shared).with_history(history()));
    let _listeners = [world.listen("heard"), world.listen("heard")];
    world.publish("remembered", "1");
    world.publish("remembered", "2");

    let mut events = world.hub.watch();
    world.publish("later", "1");

    let mut there: Vec<_> = events
        .channels()
        .iter()
        .map(|channel| (channel.token.as_str(), channel.listeners, channel.events))
        .collect();
    there.sort_unstable();
    assert_eq!(there, [("heard", 2, 0), ("remembered", 0, 2)]);
    assert_eq!(all(&mut events), [HubEvent::Opened { token: token("later") }]);
    assert_eq!(events.channels().len(), 2, "it is what it was");
}

#[test]
fn what_becomes_old_in_a_hub_that_is_left_alone_wakes_its_watcher() {
    let age = Duration::from_secs(60);
    let world = World::remembering(history().with_max_age(Some(age)));
    world.publish("t", "1");
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);

    world.hub.expire(world.now + age);

    assert_eq!(woken.count(), 1);
    assert_eq!(all(&mut events), [HubEvent::Closed { token: token("t") }]);
}

#[test]
fn a_listener_that_ends_by_its_own_clock_wakes_the_watcher() {
    let mut world = World::new(quiet());
    let mut listener = world.listen("t");
    world.hub.drain(Duration::from_secs(10), world.now).wake();
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);

    world.pass(Duration::from_secs(10));
    world.read_to_end(&mut listener);

    assert_eq!(woken.count(), 1);
    assert_eq!(all(&mut events)[0], HubEvent::LastListener { token: token("t"), listeners: 0 });
}

#[test]
fn what_gives_way_to_others_is_seen_by_a_watcher() {
    let world = World::new(quiet().with_history(history()).with_max_channels(1));
    world.publish("old", "1");
    let (mut events, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);

    world.publish("new", "1");

    assert_eq!(woken.count(), 1);
    let seen = all(&mut events);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.contains(&HubEvent::Closed { token: token("old") }), "{seen:?}");
    assert!(seen.contains(&HubEvent::Opened { token: token("new") }), "{seen:?}");
}

#[test]
fn who_is_replaced_or_cut_is_no_listener_that_leaves_again_when_its_connection_ends() {
    let world = World::new(bounded(1_000).with_mode(Mode::Takeover));
    let old = world.listen("t");
    let mut events = world.hub.watch();
    let new = world.listen("t");
    drop(old);
    assert_eq!(all(&mut events), [], "one listener there was, and one there is");

    while world.hub.listeners(&token("t")) == 1 {
        world.post("t", "1").wake();
    }
    let cut = all(&mut events);
    assert!(cut.contains(&HubEvent::Overrun { token: token("t"), listeners: 1 }), "{cut:?}");
    assert!(cut.contains(&HubEvent::LastListener { token: token("t"), listeners: 0 }), "{cut:?}");
    drop(new);
    assert_eq!(all(&mut events), []);
}

#[test]
fn a_watcher_learns_that_its_hub_is_gone_once_it_has_read_what_came_before() {
    let hub = sse_core::Hub::new(quiet());
    let (mut events, woken) = (hub.watch(), Arc::<Woken>::default());
    let mut late = hub.watch();
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);
    let listener = hub.subscribe(&token("t"), epoch()).unwrap();
    assert_eq!(all(&mut events).len(), 2);
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending);
    let before = woken.count();

    drop(hub);
    assert_eq!(events.poll_next(&Waker::from(woken.clone())), Poll::Pending, "a listener has it");
    drop(listener);

    assert!(before < woken.count());
    assert_eq!(all(&mut events).len(), 2, "the listener's end, and the channel's");
    assert_eq!(events.poll_next(Waker::noop()), Poll::Ready(None));
    assert_eq!(events.poll_next(Waker::noop()), Poll::Ready(None));
    assert_eq!(all(&mut late).len(), 4);
    assert_eq!(late.poll_next(Waker::noop()), Poll::Ready(None));
}

/// What there is to be read now.
fn all(events: &mut Watcher) -> Vec<HubEvent> {
    let mut all = Vec::new();
    while let Poll::Ready(Some(event)) = events.poll_next(Waker::noop()) {
        all.push(event);
    }
    all
}
