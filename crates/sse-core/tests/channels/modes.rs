use std::{sync::Arc, task::Waker};

use sse_core::{
    action::{Action, ActionSet},
    channel::{CloseReason, Mode, OnOverrun, Output},
    hub::{HubLimit, SubscribeError},
};

use crate::support::{OPEN, Woken, World, bounded, event, fresh, history, ping, quiet, token};

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
    let world = World::new(quiet().with_mode(Mode::Takeover).with_max_channel_listeners(1));
    let mut all: Vec<_> = (0..10).map(|_| world.listen("t")).collect();
    let mut last = all.pop().unwrap();

    assert_eq!((world.counts().listeners, world.counts().leaving), (1, 9));
    for old in &mut all {
        assert_eq!(world.read_to_end(old), (REPLACED.to_owned(), CloseReason::Replaced));
    }
    assert_eq!(world.counts().leaving, 9, "their connections live");
    drop(all);
    world.post("t", "1").wake();
    assert_eq!(world.read(&mut last), ping("1"));
    assert_eq!((world.counts().listeners, world.counts().leaving), (1, 0));
}

#[test]
fn connections_that_live_on_count_against_the_number_of_all_listeners() {
    let world = World::new(quiet().with_mode(Mode::Takeover).with_max_listeners(3));
    let mut all: Vec<_> = (0..3).map(|_| world.listen("t")).collect();

    let refused = world.hub.subscribe(&token("t"), world.now).unwrap_err();

    assert_eq!(refused, SubscribeError::Limit { limit: HubLimit::Listeners, max: 3 });
    assert_eq!(world.post("t", "1").listeners(), 1, "the last one is still there");
    assert_eq!(world.read(&mut all[2]), ping("1"));
    drop(all.remove(0));
    drop(world.listen("t"));
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

#[test]
fn who_is_replaced_is_told_so_whatever_is_published_afterwards() {
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        for reads_at_once in [true, false] {
            let config = bounded(2_000).with_on_overrun(on_overrun).with_mode(Mode::Takeover);
            let world = World::new(config);
            let mut old = world.listen("t");
            world.post("t", "for the old one").wake();
            assert_eq!(world.read(&mut old), ping("for the old one"));
            let mut new = world.listen("t");

            for _ in 0..100 {
                let _new_was_cut = world.hub.publish(&token("t"), "ping", b"1", world.now);
                if reads_at_once {
                    world.read(&mut new);
                }
            }

            let told = (REPLACED.to_owned(), CloseReason::Replaced);
            assert_eq!(world.read_to_end(&mut old), told, "{on_overrun:?} {reads_at_once}");
        }
    }
}

#[test]
fn who_is_replaced_and_the_channel_closed_behind_it_is_told_that_it_was_replaced() {
    let world = World::new(quiet().with_mode(Mode::Takeover));
    let mut old = world.listen("t");
    let mut new = world.listen("t");
    world.close("t");

    assert_eq!(world.read_to_end(&mut old), (REPLACED.to_owned(), CloseReason::Replaced));
    assert_eq!(world.read_to_end(&mut new), (String::new(), CloseReason::Finished));
    assert_eq!((world.counts().channels, world.counts().leaving), (0, 2));
}

#[test]
fn who_is_replaced_while_the_channel_is_forgotten_is_told_so_too() {
    let world = World::new(quiet().with_mode(Mode::Takeover));
    let mut old = world.listen("t");
    drop(world.listen("t"));
    let mut again = world.listen("t");
    world.post("t", "1").wake();

    assert_eq!(world.read_to_end(&mut old), (REPLACED.to_owned(), CloseReason::Replaced));
    assert_eq!(world.read(&mut again), ping("1"));
    drop(old);
    assert_eq!(world.hub.listeners(&token("t")), 1, "the end of the old one is not another's");
}

#[test]
fn who_is_replaced_before_its_first_block_is_told_both() {
    let world = World::new(quiet().with_mode(Mode::Takeover));
    let mut old = world.hub.subscribe(&token("t"), world.now).unwrap();

    let _new = world.listen("t");

    let told = (format!("{OPEN}{REPLACED}"), CloseReason::Replaced);
    assert_eq!(world.read_to_end(&mut old), told);
}

#[test]
fn who_is_replaced_reads_what_was_said_aside_up_to_then_and_nothing_of_later() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let world = World::new(quiet().with_actions(actions).with_mode(Mode::Takeover));
    let retry = |millis: &[u8]| {
        world.hub.publish(&token("t"), "retry", millis, world.now).unwrap().wake();
    };
    let mut old = world.listen("t");
    retry(b"1000");
    let mut new = world.hub.subscribe(&token("t"), world.now).unwrap();
    retry(b"2000");

    let (read, _) = world.read_to_end(&mut old);
    assert_eq!(read, format!("retry: 1000\n\n{REPLACED}"));
    assert_eq!(world.read(&mut new), OPEN.replace("3000", "1000") + "retry: 2000\n\n");
}
