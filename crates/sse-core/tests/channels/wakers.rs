//! Who is woken, whatever becomes of the value that does it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Wake, Waker},
    time::Duration,
};

use sse_core::{
    Event,
    channel::{Mode, Output},
    hub::{Published, Subscriber},
};

use crate::support::{Woken, World, quiet, token};

#[test]
fn a_crowd_is_woken_also_by_a_publication_that_is_dropped() {
    let ways: [fn(&World, Published); 4] = [
        |_, published| published.wake(),
        |_, published| drop(published),
        |_, published| published.into_wakers().wake(),
        |_, published| drop(published.into_wakers()),
    ];
    for (way, done) in ways.iter().enumerate() {
        let world = World::new(quiet().with_mode(Mode::Shared));
        let (mut crowd, woken) = idle(&world, 100);

        let published = world.post("t", "1");
        assert_eq!(woken.count(), 0, "nobody is woken before the caller says so");
        done(&world, published);

        assert_eq!(woken.count(), 100, "way {way}");
        crowd.iter_mut().for_each(|listener| drop(world.read(listener)));
    }
}

#[test]
fn whatever_is_dropped_that_has_news_for_listeners_wakes_them() {
    let ways: [fn(&World); 7] = [
        |world| drop(world.hub.publish(&token("t"), "close", b"", world.now)),
        |world| drop(world.hub.close(&token("t"), world.now)),
        |world| drop(world.hub.send(&token("t"), Event::data("1"), world.now)),
        |world| drop(world.hub.set_retry(&token("t"), Duration::ZERO, world.now)),
        |world| drop(world.batch("t", "1\n2")),
        |world| drop(world.hub.drain(Duration::ZERO, world.now)),
        |world| drop(world.hub.shutdown()),
    ];
    for (way, done) in ways.iter().enumerate() {
        let world = World::new(quiet().with_mode(Mode::Shared));
        let (_crowd, woken) = idle(&world, 40);

        done(&world);

        assert_eq!(woken.count(), 40, "way {way}");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let (_first, before) = idle(&world, 20);
    let mut rude = world.listen("t");
    let waits = rude.poll_output(&Waker::from(Arc::new(Rude)), world.now);
    assert_eq!(waits, Output::Wait { until: None });
    let (_rest, after) = idle(&world, 40);

    let published = world.post("t", "1");
    let panicked = catch_unwind(AssertUnwindSafe(|| published.wake()));

    assert!(panicked.is_err(), "the caller learns of it");
    assert_eq!((before.count(), after.count()), (20, 40));
}

/// Listeners that have read everything and share a waker.
fn idle(world: &World, listeners: usize) -> (Vec<Subscriber>, Arc<Woken>) {
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(woken.clone());
    let mut crowd: Vec<_> = (0..listeners).map(|_| world.listen("t")).collect();
    for listener in &mut crowd {
        assert_eq!(listener.poll_output(&waker, world.now), Output::Wait { until: None });
    }
    (crowd, woken)
}

struct Rude;

impl Wake for Rude {
    fn wake(self: Arc<Self>) {
        panic!("a task was gone");
    }
}
