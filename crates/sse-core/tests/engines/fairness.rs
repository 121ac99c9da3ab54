use std::collections::HashMap;

use sse_core::{
    channel::Framing,
    history::{History, Since, Start},
    hub::Engine,
};

use crate::support::{Did, Pipe, World, data, ping, quiet, token};

#[test]
fn a_crowd_that_is_far_behind_does_not_hold_up_who_reads_along() {
    let mut world = World::with_framing(quiet(), Framing::Chunked);
    let late: Vec<_> = (0..200).map(|_| world.listen_open("t")).collect();
    let live = world.listen_open("t");
    late.iter().for_each(|pipe| pipe.set_room(0));
    for _ in 0..100 {
        world.publish("t", &data(10_000));
    }
    world.run();
    live.take();

    late.iter().for_each(|pipe| world.open_up(pipe, usize::MAX));
    // They are in the middle of it.
    while late.iter().all(|pipe| pipe.len() < 100_000) {
        world.step();
    }
    world.publish("t", "now");
    let begun = world.writes.len();
    while live.len() == 0 {
        assert_ne!(world.step(), Did::Wait(None));
    }

    assert_eq!(live.take(), ping("now"));
    let between: usize = world.writes[begun..].iter().map(|(_, count)| count).sum();
    assert!(between <= 4 * Engine::<Pipe>::MAX_TURN, "{between} bytes came before it");
    world.run();
    for pipe in &late {
        assert_eq!(pipe.take().len(), 100 * ping(&data(10_000)).len() + ping("now").len());
    }
}

/// Sees that no lane writes more than it may while another one waits.
struct Watch {
    /// By lane, how much each has written since it began to wait.
    since: HashMap<usize, HashMap<usize, usize>>,
    most: usize,
}

impl Watch {
    fn new() -> Self {
        Self { since: HashMap::new(), most: 0 }
    }

    fn wait(&mut self, lane: usize) {
        self.since.entry(lane).or_default();
    }

    fn write(&mut self, lane: usize, count: usize) {
        self.since.remove(&lane);
        for others in self.since.values_mut() {
            let sum = others.entry(lane).or_default();
            *sum += count;
            self.most = self.most.max(*sum);
        }
    }
}

#[test]
fn no_channel_writes_more_than_256_kib_before_every_other_has_had_its_turn() {
    for framing in [Framing::Plain, Framing::Chunked] {
        let mut world = World::with_framing(quiet(), framing);
        // One with many listeners far behind, one with a few, and many with one.
        let mut lane_of = Vec::new();
        let mut pipes = Vec::new();
        for (lane, listeners) in [(0, 300), (1, 5)].into_iter().chain((2..52).map(|n| (n, 1))) {
            for n in 0..listeners {
                let pipe = world.listen_open(&lane.to_string());
                // Some have begun an event, of which a rest is left.
                pipe.set_room(n % 2);
                lane_of.push(lane);
                pipes.push(pipe);
            }
        }
        for n in 0..40 {
            world.publish("0", &data(if n % 10 == 5 { 40_000 } else { 15_000 }));
            world.publish("1", &data(20_000));
        }
        world.run();
        let behind: Vec<_> = (0..305).map(|who| pipes[who].clone()).collect();
        pipes.iter().for_each(|pipe| world.open_up(pipe, usize::MAX));
        world.writes.clear();

        // Those with one listener have news at any time, the others until all is written.
        let mut watch = Watch::new();
        let mut left: [usize; 2] = [300 * 40 * 15_000, 5 * 40 * 20_000];
        let mut n = 0;
        loop {
            n += 1;
            if n % 7 == 0 && n < 10_000 {
                let lane = 2 + n * 31 % 50;
                world.publish(&lane.to_string(), "x");
                watch.wait(lane);
            }
            match world.step() {
                Did::Write(pipe) => {
                    let (lane, (_, count)) = (lane_of[pipe], *world.writes.last().unwrap());
                    watch.write(lane, count);
                    if let Some(left) = left.get_mut(lane) {
                        *left = left.saturating_sub(count);
                    }
                }
                Did::Wait(_) => break,
                Did::End => panic!("nothing ends"),
            }
            for (lane, _) in left.iter().enumerate().filter(|(_, left)| 0 < **left) {
                watch.wait(lane);
            }
        }

        let most = watch.most;
        assert!(most <= Engine::<Pipe>::MAX_TURN, "{most} bytes, {framing:?}");
        assert!(Engine::<Pipe>::MAX_TURN / 2 < most, "only {most} bytes, {framing:?}");
        assert!(behind.iter().all(|pipe| 300_000 < pipe.take().len()));
    }
}

#[test]
fn a_lane_that_takes_the_place_of_another_has_one_turn_at_a_time() {
    let history = History::new(1).with_max_bytes(4 << 20).with_max_events(1_000);
    let mut world = World::with_framing(quiet().with_history(history), Framing::Chunked);
    for name in ["one", "other"] {
        for _ in 0..200 {
            world.publish(name, &data(10_000));
        }
    }
    let earliest = Start::default().with_since(Since::Earliest);
    let listen = |world: &mut World, name: &str| {
        let subscriber = world.hub.subscribe_from(&token(name), &earliest, world.now).unwrap();
        world.add(subscriber)
    };
    let other = listen(&mut world, "other");
    // Lanes come and go while they wait for their turn, and leave their place to the one after them.
    for n in 0..20 {
        let pipe = world.listen(&n.to_string());
        world.publish(&n.to_string(), "1");
        world.engine.handle_left(pipe.key());
        while world.end_of(&pipe).is_none() {
            world.step();
        }
    }
    let one = listen(&mut world, "one");
    world.run();

    assert_eq!(one.len(), other.len());
    let mut of_one = 0;
    let mut begun = false;
    for (pipe, count) in &world.writes {
        begun |= *pipe == one.number();
        match *pipe == one.number() {
            true => of_one += count,
            false => of_one = 0,
        }
        assert!(of_one <= 2 * Engine::<Pipe>::MAX_TURN, "{of_one} bytes in a row");
    }
    assert!(begun);
}

#[test]
fn the_backlog_is_what_is_overdue_and_nothing_once_all_is_written() {
    let mut world = World::with_framing(quiet(), Framing::Chunked);
    let pipes: Vec<_> = (0..50).map(|_| world.listen_open("t")).collect();
    let gone: Vec<_> = (0..30).map(|_| world.listen_open("gone")).collect();
    world.run();
    assert_eq!(world.engine.backlog(), 0);

    for name in ["t", "gone"] {
        for _ in 0..30 {
            world.publish(name, &data(10_000));
        }
    }
    let mut most = 0;
    while pipes.iter().any(|pipe| pipe.len() < 70_000) {
        world.step();
        most = most.max(world.engine.backlog());
    }
    // At most all streams of both channels, and the channels; at least the streams of one.
    assert!((30..=82).contains(&most), "{most}");
    gone.iter().for_each(|pipe| world.engine.handle_left(pipe.key()));
    world.run();

    assert_eq!(world.engine.backlog(), 0);
    assert!(pipes.iter().all(|pipe| 300_000 < pipe.len()));
}
