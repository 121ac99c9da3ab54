use crate::support::{World, ping, quiet};

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
