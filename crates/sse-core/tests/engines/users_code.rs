use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Wake, Waker},
    time::Duration,
};

use sse_core::{
    access::{Grant, Permissions},
    channel::{CloseReason, OnOverrun},
    hub::{HubEvent, StreamEnd},
};

use crate::support::{Woken, World, data, heard, ping, quiet, token};

/// A waker that panics.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("of a waker");
    }
}

#[test]
fn a_watcher_whose_waker_panics_takes_no_listener_along() {
    let config = quiet().with_max_log_bytes(2_000).with_on_overrun(OnOverrun::Gap);
    let mut world = World::new(config);
    let (one, other) = (world.listen_open("t"), world.listen_open("t"));
    let mut watcher = world.hub.watch();
    for n in 0..20 {
        heard(&mut watcher);
        let _pending = watcher.poll_next(&Waker::from(Arc::new(Broken)));
        // One falls out while its write is under way, so that a watcher is told by the engine.
        one.set_room(n);
        world.publish("t", "1");
        world.peek();
        let published = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..30 {
                world.publish("t", &data(100));
            }
        }));
        let ran = catch_unwind(AssertUnwindSafe(|| world.run()));
        assert!(published.is_err() || ran.is_err(), "nobody was told");
        world.run();
        world.open_up(&one, usize::MAX);
        world.run();
    }
    // Nothing is lost inside a block.
    let gap = "event: sse.gap\ndata: {\"reason\":\"trimmed\",";
    for text in [one.take(), other.take()] {
        for block in text.split_inclusive("\n\n") {
            let is_event = block == ping("1") || block == ping(&data(100));
            assert!(is_event || block.starts_with(gap), "{block:?}");
        }
    }

    world.publish("t", "last");
    world.run();

    assert_eq!((one.take(), other.take()), (ping("last"), ping("last")));
    world.close("t");
    world.run();
    for pipe in [one, other] {
        assert_eq!(world.end_of(&pipe), Some(StreamEnd::Whole(CloseReason::Finished)));
    }
}

#[test]
fn a_watcher_is_woken_for_what_is_found_when_a_stream_begins() {
    let mut world = World::new(quiet());
    let _other = world.listen_open("other");
    let grant = Grant::new(Permissions::all()).with_end(world.now + Duration::from_secs(1));
    let start = sse_core::history::Start::default();
    let subscriber =
        world.hub.subscribe_granted(&token("t"), &start, Some(&grant), world.now).unwrap();
    let (mut watcher, woken) = (world.hub.watch(), Arc::<Woken>::default());
    assert!(watcher.poll_next(&Waker::from(woken.clone())).is_pending());
    world.pass(Duration::from_secs(2));

    let _pipe = world.add(subscriber);

    assert_eq!(woken.count(), 1);
    assert!(heard(&mut watcher).contains(&HubEvent::Closed { token: token("t") }));
}
