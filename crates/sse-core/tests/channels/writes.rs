//! What a listener is handed to write: joined, in pieces, and held once for all.

use std::task::Waker;

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sse_core::{
    action::{Action, ActionSet},
    channel::{Mode, Output},
    history::Since,
    hub::Subscriber,
};

use crate::support::{FRAME, World, bounded, cost, event, history, ping, quiet, token};

const MAX_WRITE: usize = 16 << 10;

#[test]
fn a_write_joins_up_to_16_kib_and_cuts_only_an_event_that_is_longer() {
    let world = World::new(quiet());
    let mut listener = world.listen("t");
    let events = [10_000, 6_000, 384, 21, 20_000, 21].map(|len| frame(&world, len));

    let writes = writes(&world, &mut listener);

    assert_eq!(writes[0], events[..3].concat(), "joined to the last byte");
    assert_eq!(writes.concat(), events.concat().into_bytes());
    assert!(writes.len() <= 5, "{:?}", lens(&writes));
    assert!(writes.iter().all(|write| write.len() <= MAX_WRITE), "{:?}", lens(&writes));
}

#[test]
fn listeners_in_step_share_the_joined_bytes() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut listeners = [world.listen("t"), world.listen("t")];
    world.post("t", "1").wake();
    world.post("t", "2").wake();

    let [one, other] = listeners.each_mut().map(|listener| write(&world, listener));

    assert_eq!(one, other);
    assert_eq!(one.as_ptr(), other.as_ptr());
}

#[test]
fn a_long_event_is_held_once_whoever_is_in_the_middle_of_it() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut listeners: Vec<_> = (0..20).map(|_| world.listen("t")).collect();
    let whole = frame(&world, 1 << 20);

    let first: Vec<_> = listeners.iter_mut().map(|listener| write(&world, listener)).collect();
    write(&world, &mut listeners[0]);

    assert_eq!(first[0].len(), MAX_WRITE);
    assert!(first.iter().all(|write| write.as_ptr() == first[0].as_ptr()), "one copy for all");
    assert_eq!(world.counts().unread_bytes, cost(&whole));
    for listener in &mut listeners[1..] {
        let rest = writes(&world, listener).concat();
        assert_eq!(rest, &whole.as_bytes()[MAX_WRITE..]);
    }
    assert_eq!(world.counts().unread_bytes, cost(&whole), "one is still in the middle");
    writes(&world, &mut listeners[0]);
    assert_eq!(world.counts().unread_bytes, 0);
}

#[test]
fn what_is_unread_is_counted_to_the_byte_from_the_one_that_is_furthest_behind() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut quick = world.listen("t");
    let mut slow = world.listen("t");

    for round in 1..=100 {
        world.post("t", "some text").wake();
        assert_eq!(world.counts().unread_bytes, cost(&ping("some text")), "round {round}");
        world.read(if round % 2 == 0 { &mut quick } else { &mut slow });
        assert_eq!(world.counts().unread_bytes, cost(&ping("some text")), "round {round}");
        world.read(if round % 2 == 0 { &mut slow } else { &mut quick });
        assert_eq!(world.counts().unread_bytes, 0, "round {round}");
    }
    world.post("t", "1").wake();
    world.post("t", "2").wake();
    world.read(&mut quick);
    assert_eq!(world.counts().unread_bytes, 2 * cost(&ping("1")));
    drop(slow);
    assert_eq!(world.counts().unread_bytes, 0, "nobody has to read them any more");
}

#[test]
fn what_is_remembered_is_not_unread_as_well() {
    let world = World::new(quiet().with_history(history().with_max_events(2)));
    let mut listener = world.listen("t");
    world.read(&mut listener);
    let ids: Vec<_> = ["1", "2", "3", "4"].map(|data| world.publish("t", data)).into();

    let frame = cost(&event(&ids[0], "1"));
    let counts = world.counts();
    assert_eq!((counts.unread_bytes, counts.history_bytes), (2 * frame, 2 * frame));
    world.read(&mut listener);
    let counts = world.counts();
    assert_eq!((counts.unread_bytes, counts.history_bytes), (0, 2 * frame));
}

#[test]
fn a_joined_write_is_kept_only_while_someone_stands_where_it_begins() {
    for config in [quiet(), quiet().with_history(history())] {
        let world = World::new(config.with_mode(Mode::Shared));
        let mut listeners = [world.listen("t"), world.listen("t")];
        listeners.iter_mut().for_each(|listener| drop(world.read(listener)));
        world.post("t", "1").wake();
        world.post("t", "2").wake();
        assert_eq!(world.counts().joined_bytes, 0, "nobody has asked");

        let joined = write(&world, &mut listeners[0]);
        assert_eq!(world.counts().joined_bytes, joined.len(), "the other will ask for the same");
        write(&world, &mut listeners[1]);
        assert_eq!(world.counts().joined_bytes, 0);

        world.post("t", "3").wake();
        world.post("t", "4").wake();
        write(&world, &mut listeners[0]);
        drop(listeners);
        assert_eq!(world.counts().joined_bytes, 0, "nobody is there");
    }
}

#[test]
fn a_replay_leaves_no_joined_write_behind() {
    let world = World::remembering(history());
    for n in 0..1_000 {
        world.post("t", &n.to_string()).wake();
    }
    let mut late = world.listen_since("t", Since::Earliest);

    while let Output::Write(_) = late.poll_output(Waker::noop(), world.now) {
        assert!(world.counts().joined_bytes <= MAX_WRITE);
    }

    assert_eq!(world.counts().joined_bytes, 0);
}

#[test]
fn what_is_no_event_is_counted_while_someone_has_to_read_it_and_not_remembered() {
    let actions = ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let world = World::new(quiet().with_actions(actions).with_history(history()));
    let retry = |millis: &str| {
        let published = world.hub.publish(&token("t"), "retry", millis.as_bytes(), world.now);
        published.unwrap().wake();
    };
    retry("1000");
    assert_eq!(world.counts().unread_bytes, 0, "nobody is there to read it");
    let mut listener = world.listen("t");
    world.read(&mut listener);

    retry("2000");
    let counts = world.counts();
    assert_eq!((counts.unread_bytes, counts.history_bytes), (cost("retry: 2000\n\n"), 0));
    assert_eq!(world.read(&mut listener), "retry: 2000\n\n");
    assert_eq!(world.counts().unread_bytes, 0);
}

proptest! {
    #[test]
    fn every_listener_writes_what_was_published_whatever_its_length_and_its_pace(
        steps in vec((1..40_000_usize, 0..4_usize, 0..6_usize), 1..40),
    ) {
        let world = World::new(bounded(8 << 20).with_mode(Mode::Shared));
        let mut readers: Vec<_> =
            (0..3).map(|_| Reader { listener: world.listen("t"), written: 0 }).collect();
        let (mut all, mut ends) = (String::new(), Vec::new());
        for (len, who, writes) in steps {
            all += &frame(&world, len.max(21));
            ends.push(all.len());
            for _ in 0..writes {
                let Some(reader) = readers.get_mut(who) else { break };
                if let Output::Write(bytes) = reader.listener.poll_output(Waker::noop(), world.now) {
                    prop_assert!(bytes.len() <= MAX_WRITE);
                    let expected = &all.as_bytes()[reader.written..][..bytes.len()];
                    prop_assert!(bytes == expected);
                    reader.written += bytes.len();
                }
            }
            // Of an event of which a part is unread, the whole is held.
            let lowest = readers.iter().map(|reader| reader.written).min().unwrap();
            let behind = ends.partition_point(|&end| end <= lowest);
            let begin = behind.checked_sub(1).map_or(0, |before| ends[before]);
            let unread = all.len() - begin + FRAME * (ends.len() - behind);
            prop_assert_eq!(world.counts().unread_bytes, unread);
        }
        for reader in &mut readers {
            let rest = writes(&world, &mut reader.listener).concat();
            prop_assert!(rest == all.as_bytes()[reader.written..]);
        }
    }
}

struct Reader {
    listener: Subscriber,
    written: usize,
}

/// Publishes an event that takes `len` bytes, and returns it.
fn frame(world: &World, len: usize) -> String {
    let data = "x".repeat(len - ping("").len());
    world.post("t", &data).wake();
    ping(&data)
}

fn write(world: &World, listener: &mut Subscriber) -> Bytes {
    match listener.poll_output(Waker::noop(), world.now) {
        Output::Write(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

fn writes(world: &World, listener: &mut Subscriber) -> Vec<Bytes> {
    let mut writes = Vec::new();
    while let Output::Write(bytes) = listener.poll_output(Waker::noop(), world.now) {
        writes.push(bytes);
    }
    writes
}

fn lens(writes: &[Bytes]) -> Vec<usize> {
    writes.iter().map(Bytes::len).collect()
}
