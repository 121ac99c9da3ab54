//! A long event is written in pieces, and nothing comes between them, whatever happens meanwhile.

use std::time::Duration;

use sse_core::{
    Event, HubConfig,
    channel::{CloseReason, Mode, Output},
    event::EventName,
    hub::Subscriber,
};

use crate::support::{World, history, ping, quiet, token};

const KEEPALIVE: Duration = Duration::from_secs(15);

/// Something happens, and may leave the listener that came of it.
type Happens = fn(&mut World) -> Option<Subscriber>;

#[test]
fn what_is_said_or_ends_while_a_long_event_is_written_comes_behind_it() {
    let happens: [(&str, Happens, &str); 8] = [
        ("silence", |world| pass(world, 2 * KEEPALIVE), ""),
        (
            "a reconnection time",
            |world| {
                world.hub.set_retry(&token("t"), Duration::ZERO, world.now).unwrap().wake();
                None
            },
            "retry: 0\n\n",
        ),
        (
            "another event",
            |world| {
                let event = Event::data("2").with_name(EventName::from_static("ping"));
                world.hub.send(&token("t"), event, world.now).unwrap().wake();
                None
            },
            "event: ping\ndata: 2\n\n",
        ),
        (
            "a takeover",
            |world| Some(world.hub.subscribe(&token("t"), world.now).unwrap()),
            "event: sse.replaced\nretry: 86400000\ndata: {}\n\n",
        ),
        (
            "the end of the channel",
            |world| {
                world.hub.close(&token("t"), world.now).unwrap().wake();
                None
            },
            "event: sse.end\ndata: {}\n\n",
        ),
        (
            "a drain that is over",
            |world| {
                world.hub.drain(Duration::ZERO, world.now).wake();
                None
            },
            "retry: 1\n\n",
        ),
        (
            "a shutdown",
            |world| {
                world.hub.shutdown().wake();
                None
            },
            "",
        ),
        (
            "old age",
            |world| {
                pass(world, Duration::from_secs(3600));
                world.hub.expire(world.now);
                None
            },
            "",
        ),
    ];
    let data = "x".repeat(100_000);
    for (what, happens, behind) in happens {
        for pieces in 1..=7 {
            let mut world = World::new(config());
            let mut listener = world.listen("t");
            world.post("t", &data).wake();
            let mut written = String::new();
            for _ in 0..pieces {
                written += &piece(&world, &mut listener);
            }

            let _newcomer = happens(&mut world);
            written += &world.read(&mut listener);

            let expected = ping(&data) + behind;
            let written = written.strip_suffix(":\n\n").unwrap_or(&written);
            assert!(written == expected, "{what} behind {pieces} pieces: {}", end(written));
        }
    }
}

#[test]
fn who_is_in_the_middle_of_a_long_event_is_cut_there_at_the_total_too() {
    for on_overrun in [sse_core::channel::OnOverrun::Close, sse_core::channel::OnOverrun::Gap] {
        let config = quiet().with_max_total_bytes(200_000).with_on_overrun(on_overrun);
        let world = World::new(config);
        let mut slow = world.listen("t");
        world.post("t", &"x".repeat(100_000)).wake();
        piece(&world, &mut slow);
        let mut other = world.listen("u");

        let published = world.post("u", &"x".repeat(110_000));

        assert_eq!(published.overrun()[0].token, token("t"));
        published.wake();
        let (read, reason) = world.read_to_end(&mut slow);
        assert_eq!(read, "", "{on_overrun:?}");
        assert!(matches!(reason, CloseReason::Overrun { .. }), "{reason:?}");
        assert_eq!(world.read(&mut other).len(), 110_020);
    }
}

#[test]
fn a_long_event_that_is_remembered_is_replayed_in_pieces_and_whole() {
    let world = World::new(quiet().with_history(history()).with_mode(Mode::Shared));
    let data = "x".repeat(100_000);
    let before = world.publish("t", "before");
    let long = world.publish("t", &data);
    let after = world.publish("t", "after");

    let mut back = world.resume("t", &before);
    let open = piece(&world, &mut back);
    assert!(open.starts_with("event: sse.open\n"), "{open}");
    let expected = crate::support::event(&long, &data) + &crate::support::event(&after, "after");
    assert!(world.read(&mut back) == expected);
}

fn config() -> HubConfig {
    let config = HubConfig::new(sse_core::StringFormat).with_keepalive(Some(KEEPALIVE));
    config.with_mode(Mode::Takeover).with_closed_ttl(Some(Duration::from_secs(10)))
}

fn pass(world: &mut World, time: Duration) -> Option<Subscriber> {
    world.pass(time);
    None
}

fn piece(world: &World, listener: &mut Subscriber) -> String {
    match listener.poll_output(std::task::Waker::noop(), world.now) {
        Output::Write(bytes) => {
            assert!(bytes.len() <= 16 << 10);
            str::from_utf8(&bytes).unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// Where a text differs is at its end.
fn end(text: &str) -> &str {
    &text[text.len().saturating_sub(200)..]
}
