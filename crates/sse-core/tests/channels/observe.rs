use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use sse_core::{
    channel::Mode,
    hub::{Observed, Observer},
};

use crate::support::{Woken, World, history, quiet, token};

#[test]
fn an_observer_sees_what_is_remembered_and_then_what_is_published() {
    let world = World::remembering(history().with_max_events(2));
    for data in ["1", "2", "3"] {
        world.post("t", data).wake();
    }
    let mut observer = world.hub.observe(&token("t"));
    world.batch("t", "4\n5").unwrap().wake();

    assert_eq!(all(&mut observer), ["2: 2", "3: 3", "4: 4", "5: 5"]);
}

#[test]
fn an_observer_is_no_listener() {
    let world = World::new(quiet().with_mode(Mode::Exclusive));
    let before = world.counts();
    let mut observer = world.hub.observe(&token("t"));
    assert_eq!(world.counts(), before, "it opens no channel and is not counted");
    let refused = world.hub.publish(&token("t"), "ping", b"1", world.now);
    assert!(refused.is_err(), "it is nobody to publish for: {refused:?}");

    let listener = world.listen("t");
    assert_eq!(world.post("t", "1").listeners(), 1);
    assert_eq!(world.hub.listeners(&token("t")), 1);
    drop(listener);

    assert_eq!(world.hub.channels(), [], "it keeps no channel");
    assert_eq!(all(&mut observer), ["1: 1", "closed"]);
}

#[test]
fn an_observer_goes_on_over_the_ends_of_its_channel() {
    let world = World::new(quiet());
    let mut observer = world.hub.observe(&token("t"));
    for data in ["1", "2"] {
        let _listener = world.listen("t");
        world.post("t", data).wake();
        world.close("t");
    }

    assert_eq!(all(&mut observer), ["1: 1", "closed", "1: 2", "closed"]);
}

#[test]
fn an_observer_sees_its_channel_alone() {
    let world = World::remembering(history());
    let mut observer = world.hub.observe(&token("t"));
    world.post("u", "1").wake();
    world.post("t", "2").wake();
    world.close("u");

    assert_eq!(all(&mut observer), ["1: 2"]);
}

#[test]
fn what_listeners_have_read_is_observed_all_the_same() {
    let world = World::new(quiet());
    let (mut listener, mut observer) = (world.listen("t"), world.hub.observe(&token("t")));
    for data in ["1", "2"] {
        world.post("t", data).wake();
        world.read(&mut listener);
    }

    assert_eq!(all(&mut observer), ["1: 1", "2: 2"]);
}

#[test]
fn an_observer_that_is_too_slow_is_told_how_much_it_has_missed() {
    let world = World::remembering(history().with_max_events(1));
    let mut observer = world.hub.observe(&token("t"));
    let data = "x".repeat(100_000);
    for _ in 0..20 {
        world.post("t", &data).wake();
    }
    assert_eq!(world.counts().unread_bytes, 0, "nothing is kept for it");

    let seen = all(&mut observer);

    assert_eq!(seen.len(), 11, "1 MiB holds ten of them");
    assert_eq!(seen.last().unwrap(), "10 missed");
    world.post("t", "1").wake();
    assert_eq!(all(&mut observer), ["21: 1"], "it goes on from there");
}

#[test]
fn an_observer_begins_with_the_newest_that_it_has_room_for() {
    let world = World::remembering(history().with_max_bytes(10_000_000));
    let data = "x".repeat(100_000);
    for _ in 0..20 {
        world.post("t", &data).wake();
    }
    let seen = all(&mut world.hub.observe(&token("t")));

    let numbers: Vec<_> = seen.iter().map(|seen| seen.split_once(':').unwrap().0).collect();
    let newest: Vec<_> = (11..=20).map(|number| number.to_string()).collect();
    assert_eq!(numbers, newest);
}

#[test]
fn an_event_that_is_longer_than_all_that_is_held_is_observed() {
    let world = World::new(quiet());
    let (_listener, mut observer) = (world.listen("t"), world.hub.observe(&token("t")));
    let data = "x".repeat(2 << 20);
    world.post("t", &data).wake();
    world.post("t", "1").wake();

    assert_eq!(all(&mut observer), [format!("1: {data}"), "1 missed".into()]);
}

#[test]
fn an_idle_observer_is_woken_and_one_that_is_gone_costs_nothing() {
    let world = World::remembering(history());
    let (mut observer, woken) = (world.hub.observe(&token("t")), Arc::<Woken>::default());
    let waker = Waker::from(woken.clone());
    assert!(observer.poll_next(&waker).is_pending());
    world.post("u", "1").wake();
    assert_eq!(woken.count(), 0, "nothing has happened on its channel");
    world.post("t", "1").wake();
    assert_eq!(woken.count(), 1);

    assert_eq!(all(&mut observer), ["1: 1"]);
    assert!(observer.poll_next(&waker).is_pending());
    drop(observer);
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1, "its waker is gone with it");
    world.post("t", "2").wake();
    assert_eq!(woken.count(), 1);
}

#[test]
fn an_observer_ends_with_its_hub() {
    let world = World::new(quiet());
    let (mut observer, woken) = (world.hub.observe(&token("t")), Arc::<Woken>::default());
    assert!(observer.poll_next(&Waker::from(woken.clone())).is_pending());

    drop(world);

    assert_eq!(woken.count(), 1);
    assert!(matches!(observer.poll_next(Waker::noop()), Poll::Ready(None)));
}

#[test]
fn what_a_channel_was_published_and_how_far_its_slowest_listener_is_behind_is_known() {
    let world = World::new(quiet().with_history(history()).with_mode(Mode::Shared));
    let (mut quick, mut slow) = (world.listen("t"), world.listen("t"));
    let shown = || world.hub.channels().pop().map(|info| (info.published, info.lag)).unwrap();
    assert_eq!(shown(), (0, 0));
    for data in ["1", "2", "3"] {
        world.post("t", data).wake();
    }
    assert_eq!(shown(), (3, 3));
    world.read(&mut quick);
    assert_eq!(shown(), (3, 3));
    world.read(&mut slow);
    assert_eq!(shown(), (3, 0));
    world.post("t", "4").wake();
    world.read(&mut quick);
    drop(slow);

    assert_eq!(shown(), (4, 0), "it does not count what is only remembered");
}

/// All that is there to be seen, a line each.
fn all(observer: &mut Observer) -> Vec<String> {
    let mut seen = Vec::new();
    while let Poll::Ready(Some(observed)) = observer.poll_next(Waker::noop()) {
        seen.push(match observed {
            Observed::Event { number, frame, .. } => {
                let block = str::from_utf8(frame.as_bytes()).unwrap();
                let data = block.split('\n').find_map(|line| line.strip_prefix("data: "));
                format!("{number}: {}", data.unwrap())
            }
            Observed::Closed => "closed".to_owned(),
            Observed::Missed { count } => format!("{count} missed"),
            other => panic!("{other:?}"),
        });
    }
    seen
}
