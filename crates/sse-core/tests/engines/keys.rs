use crate::support::{OPEN, World, ping, quiet};

#[test]
fn a_key_that_is_given_anew_brings_nothing_of_the_old_stream() {
    for others in [10, 62, 63, 64, 100, 130, 200] {
        let mut world = World::new(quiet());
        // The last one is looked at in the first turn, or in one of the next.
        let crowd: Vec<_> = (0..others).map(|_| world.listen_open("a")).collect();
        let leaves = world.listen_open("a");
        let other = world.listen_open("b");
        crowd.iter().chain([&leaves]).for_each(|pipe| pipe.set_room(0));
        world.publish("a", "1");
        world.run();

        // It is to be looked at, and goes before it is.
        crowd.iter().chain([&leaves]).for_each(|pipe| world.open_up(pipe, usize::MAX));
        world.engine.handle_left(leaves.key());
        while world.end_of(&leaves).is_none() {
            world.step();
        }
        let comes = world.listen("b");
        assert_eq!(comes.key(), leaves.key());
        world.publish("b", "2");
        world.run();

        assert_eq!((comes.take(), other.take()), (OPEN.to_owned() + &ping("2"), ping("2")));
        assert!(crowd.iter().all(|pipe| pipe.take() == ping("1")));
        assert_eq!(world.hub.counts().unread_bytes, 0);
    }
}

#[test]
fn a_channel_that_takes_the_lane_of_another_gets_nothing_of_its_news() {
    let mut world = World::new(quiet());
    let old = world.listen_open("a");
    world.publish("a", "1");
    world.engine.handle_left(old.key());
    // The news of the old channel is found when there is a new one in its place.
    world.step();
    let new = world.listen_open("b");
    world.publish("b", "2");
    world.run();

    assert_eq!(new.take(), ping("2"));
    assert_eq!(world.engine.len(), 1);
}
