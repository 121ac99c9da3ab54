use sse_core::{Counter, FormatError, HubConfig, JsonFormat, Post, PublishError, Since};

use crate::support::{World, history, token};

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
