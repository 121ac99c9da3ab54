use sse_core::{
    HubConfig,
    channel::Mode,
    format::{FormatError, JsonFormat},
    history::Since,
    hub::{Post, PublishError},
    id_source::Counter,
};

use crate::support::{World, bounded, cost, history, ping, quiet, token};

fn json() -> HubConfig {
    HubConfig::new(JsonFormat).with_keepalive(None)
}

#[test]
fn each_line_is_an_event_and_their_ids_are_contiguous() {
    let world = World::new(json().with_history(history()));
    let body = b"{ \"n\": 1 }\n\n  \r\n[2]\r\n\"3\"";

    let published =
        world.hub.post(&token("t"), &Post::new("ping", body).with_batch(), world.now).unwrap();

    assert!(published.id().unwrap().as_str().starts_with("3."), "the last one's id is told");
    let mut listener = world.listen_since("t", Since::Earliest);
    let read = world.read(&mut listener);
    let lines: Vec<_> = read.lines().filter(|line| line.starts_with("data")).skip(1).collect();
    assert_eq!(lines, ["data: {\"n\":1}", "data: [2]", "data: \"3\""]);
    assert_eq!(world.hub.counts().published, 3);
}

#[test]
fn one_bad_line_refuses_them_all_and_is_named() {
    let world = World::new(json().with_ids(Counter::default()));
    let mut listener = world.listen("t");
    let post = Post::new("ping", b"1\n\nnope\n4").with_batch();

    let refused = world.hub.post(&token("t"), &post, world.now).unwrap_err();

    let PublishError::Line { line: 3, error: FormatError::NotJson { .. } } = refused else {
        panic!("{refused}");
    };
    world.post("t", "1").wake();
    assert_eq!(world.read(&mut listener), "event: ping\ndata: 1\nid: 0\n\n", "no id was used");
}

#[test]
fn a_batch_without_events_is_refused() {
    let world = World::new(json().with_history(history()));

    for body in [&b""[..], b"\n", b" \r\n\t\n"] {
        let post = Post::new("ping", body).with_batch();
        let refused = world.hub.post(&token("t"), &post, world.now).unwrap_err();
        assert_eq!(refused, PublishError::Empty, "{body:?}");
    }
    assert_eq!(world.hub.counts().channels, 0);
}

#[test]
fn what_the_log_cannot_hold_is_refused_whole_and_nobody_is_cut() {
    let max = 100 * cost(&ping("1"));
    let world = World::new(bounded(max).with_mode(Mode::Shared));
    let mut listeners = [world.listen("t"), world.listen("t")];

    let refused = world.batch("t", &"1\n".repeat(101)).unwrap_err();
    let published = world.batch("t", &"1\n".repeat(100)).unwrap();

    assert_eq!(refused, PublishError::TooLarge { bytes: max + cost(&ping("1")), max });
    assert_eq!((published.listeners(), published.overrun()), (2, &[][..]));
    published.wake();
    assert_eq!(world.counts().published, 100);
    assert_eq!(world.counts().unread_bytes, max);
    for listener in &mut listeners {
        assert_eq!(world.read(listener), ping("1").repeat(100));
    }
}

#[test]
fn a_body_of_290_kib_can_be_more_than_the_log_holds() {
    let world = World::new(HubConfig::new(JsonFormat).with_keepalive(None));
    let patient = World::new(quiet().with_max_batch(usize::MAX));
    let lines = "1\n".repeat(150_000);

    for (world, expected) in [
        (world, PublishError::TooManyEvents { max: 10_000 }),
        (patient, PublishError::TooLarge { bytes: 150_000 * cost(&ping("1")), max: 16 << 20 }),
    ] {
        let mut listener = world.listen("t");
        assert_eq!(world.batch("t", &lines).unwrap_err(), expected);
        assert_eq!(world.hub.listeners(&token("t")), 1);
        world.post("t", "2").wake();
        assert_eq!(world.read(&mut listener), ping("2"), "it is where it was");
    }
}

#[test]
fn a_batch_has_as_many_events_as_it_may_and_not_one_more() {
    let world = World::new(quiet());
    let few = World::new(quiet().with_max_batch(2));
    let _listeners = [world.listen("t"), few.listen("t")];

    world.batch("t", &"1\n".repeat(10_000)).unwrap().wake();
    let refused = world.batch("t", &"1\n".repeat(10_001)).unwrap_err();
    assert_eq!(refused, PublishError::TooManyEvents { max: 10_000 });
    few.batch("t", "1\n \n\n2\n\n").unwrap().wake();
    let refused = few.batch("t", "1\n2\n3").unwrap_err();
    assert_eq!(refused, PublishError::TooManyEvents { max: 2 });
    few.post("t", "1\n2\n3").wake();
    assert_eq!((world.counts().published, few.counts().published), (10_000, 3));
}

#[test]
fn an_event_is_bounded_by_the_log_as_a_batch_is() {
    let world = World::new(bounded(1_000));
    let mut listener = world.listen("t");
    let (fits, long) = ("x".repeat(1_000 - cost(&ping(""))), "x".repeat(1_001 - cost(&ping(""))));

    let refused = world.hub.publish(&token("t"), "ping", long.as_bytes(), world.now).unwrap_err();
    world.post("t", &fits).wake();

    assert_eq!(refused, PublishError::TooLarge { bytes: 1_001, max: 1_000 });
    assert_eq!(world.read(&mut listener), ping(&fits));
}

#[test]
fn what_all_logs_may_hold_bounds_a_batch_too() {
    let max = 3 * cost(&ping("1"));
    let world = World::new(quiet().with_max_total_bytes(max));
    let mut listener = world.listen("t");

    let refused = world.batch("t", "1\n1\n1\n1").unwrap_err();
    world.batch("t", "1\n1\n1").unwrap().wake();

    assert_eq!(refused, PublishError::TooLarge { bytes: max + cost(&ping("1")), max });
    assert_eq!(world.read(&mut listener), ping("1").repeat(3));
}

#[test]
fn room_for_ids_is_left_before_they_are_known() {
    for (config, room) in [
        (quiet().with_history(history()), 37),
        (quiet().with_ids(Counter::default()), 64),
        (quiet(), 0),
    ] {
        let max = 10 * (cost(&ping("1")) + room);
        let world = World::new(config.with_max_log_bytes(max));
        let mut listener = world.listen("t");

        let refused = world.batch("t", &"1\n".repeat(11)).unwrap_err();
        let published = world.batch("t", &"1\n".repeat(10)).unwrap();

        assert_eq!(refused, PublishError::TooLarge { bytes: 11 * max / 10, max });
        let id = published.id().map(|id| id.as_str().to_owned());
        published.wake();
        let read = world.read(&mut listener);
        assert_eq!(read.matches("event: ping").count(), 10);
        if room == 64 {
            assert_eq!(id.as_deref(), Some("9"), "a refusal takes no id");
        }
    }
}

#[test]
fn a_batch_as_large_as_the_log_pushes_out_who_was_behind_and_nobody_else() {
    let world = World::new(bounded(100 * cost(&ping("1"))).with_mode(Mode::Shared));
    let _behind = world.listen("t");
    world.post("t", "1").wake();
    let mut ready = world.listen("t");

    let published = world.batch("t", &"2\n".repeat(100)).unwrap();

    assert_eq!((published.listeners(), published.overrun()[0].listeners), (2, 1));
    published.wake();
    assert_eq!(world.hub.listeners(&token("t")), 1);
    assert_eq!(world.read(&mut ready), ping("2").repeat(100));
}
