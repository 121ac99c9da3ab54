use std::time::Duration;

use sse_core::{channel::Framing, hub::Engine};

use crate::support::{World, alice, ping, quiet};

#[test]
fn a_socket_that_is_full_is_left_alone_until_it_can_be_written() {
    let mut world = World::new(quiet());
    let (full, other) = (world.listen_open("t"), world.listen_open("t"));
    full.set_room(3);
    world.publish("t", "1");
    world.run();
    world.writes.clear();

    for _ in 0..10 {
        world.publish("t", "2");
        world.run();
    }
    assert_eq!(world.writes.len(), 10, "{:?}", world.writes);
    assert!(world.writes.iter().all(|&(pipe, _)| pipe == other.number()));
    world.open_up(&full, usize::MAX);
    world.run();

    assert_eq!(full.take(), ping("1") + &ping("2").repeat(10));
}

#[test]
fn a_socket_that_is_full_is_not_tried_whatever_is_due_meanwhile() {
    let second = Duration::from_secs(1);
    let mut world = World::new(quiet().with_keepalive(Some(second)));
    world.engine = Engine::new(Framing::Plain).with_stall_timeout(Some(second * 90));
    // Comments are due, and the grant ends.
    let full = world.listen_granted("t", &alice().with_end(world.now + second * 30));
    world.run();
    full.take();
    full.set_room(3);
    world.publish("t", "1");
    world.run();
    world.writes.clear();

    for _ in 0..800 {
        world.pass(second / 10);
        world.run();
    }

    assert_eq!((world.writes.len(), world.end_of(&full)), (0, None));
    world.open_up(&full, usize::MAX);
    world.run();
    assert_eq!(full.take(), ping("1") + "event: sse.expired\ndata: {}\n\n");
}
