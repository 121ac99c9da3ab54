use std::{sync::Arc, task::Waker};

use sse_core::{CloseReason, Mode, Output, SubscribeError};

use crate::support::{Woken, World, event, fresh, history, quiet, token};

const REPLACED: &str = "event: sse.replaced\nretry: 86400000\ndata: {}\n\n";

#[test]
fn who_comes_last_takes_a_takeover_channel_and_the_other_is_told() {
    let world = World::new(quiet().with_mode(Mode::Takeover));
    let mut old = world.listen("t");
    world.post("t", "1").wake();

    let mut new = world.listen("t");
    assert_eq!(world.hub.listeners(&token("t")), 1);
    assert_eq!(world.post("t", "2").listeners(), 1);

    let first = "event: ping\ndata: 1\n\n".to_owned();
    assert_eq!(world.read_to_end(&mut old), (first + REPLACED, CloseReason::Replaced));
    assert_eq!(world.read(&mut new), "event: ping\ndata: 2\n\n");
    drop(old);
    assert_eq!(world.hub.listeners(&token("t")), 1);
    drop(new);
    assert_eq!(world.hub.counts().channels, 0);
}

#[test]
fn the_newcomer_wakes_the_one_it_replaces() {
    let world = World::new(quiet().with_mode(Mode::Takeover));
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(woken.clone());
    let mut old = world.listen("t");
    assert_eq!(old.poll_output(&waker, world.now), Output::Wait { until: None });

    let mut new = world.listen("t");
    assert_eq!(new.poll_output(Waker::noop(), world.now), Output::Wait { until: None });
    assert_eq!(woken.count(), 1);

    let mut older = new;
    assert_eq!(older.poll_output(&waker, world.now), Output::Wait { until: None });
    drop(world.listen("t"));
    assert_eq!(woken.count(), 2, "also by one that leaves before it was polled");
}

#[test]
fn a_chain_of_takeovers_leaves_one() {
    let world = World::new(quiet().with_mode(Mode::Takeover).with_max_listeners(1));
    let mut all: Vec<_> = (0..10).map(|_| world.listen("t")).collect();
    let mut last = all.pop().unwrap();

    assert_eq!(world.hub.counts().listeners, 1);
    for old in &mut all {
        assert_eq!(world.read_to_end(old), (REPLACED.to_owned(), CloseReason::Replaced));
    }
    drop(all);
    world.post("t", "1").wake();
    assert_eq!(world.read(&mut last), "event: ping\ndata: 1\n\n");
    assert_eq!(world.hub.counts().listeners, 1);
}

#[test]
fn what_was_published_before_a_takeover_is_read_by_the_old_one_only() {
    let world = World::new(quiet().with_mode(Mode::Takeover).with_history(history()));
    let mut old = world.listen("t");
    let zero = old.resume().unwrap().anchor();
    let before = world.publish("t", "before");
    let mut new = world.listen("t");
    let after = world.publish("t", "after");

    let expected = fresh(zero) + &event(&before, "before") + REPLACED;
    assert_eq!(world.read_to_end(&mut old), (expected, CloseReason::Replaced));
    assert_eq!(world.read(&mut new), fresh(&before) + &event(&after, "after"));
}

#[test]
fn code_can_give_each_channel_a_mode_of_its_own() {
    let config = quiet().with_mode_of(|token| match token.as_str() {
        "crowd" => Mode::Shared,
        "last" => Mode::Takeover,
        _ => Mode::Exclusive,
    });
    let world = World::new(config);
    let crowd = [world.listen("crowd"), world.listen("crowd")];
    let last = [world.listen("last"), world.listen("last")];
    let one = world.listen("one");

    assert_eq!(world.hub.subscribe(&token("one"), world.now).unwrap_err(), SubscribeError::Taken);
    let mut channels = world.hub.channels();
    channels.sort_by_key(|channel| channel.token.clone());
    let told: Vec<_> = channels.iter().map(|channel| (channel.mode, channel.listeners)).collect();
    assert_eq!(told, [(Mode::Shared, 2), (Mode::Takeover, 1), (Mode::Exclusive, 1)]);
    drop((crowd, last, one));
}
