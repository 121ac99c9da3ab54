//! Code as a publisher: no action, no format, and the same limits as a POST.

use std::time::Duration;

use sse_core::{
    Event, Token,
    action::ActionSet,
    channel::{CloseReason, IdempotencyKey, Mode, TokenError},
    event::{EventId, EventName},
    history::{Position, Since},
    hub::{Post, PublishError},
    id_source::Counter,
};

use crate::support::{OPEN, World, bounded, cost, fresh, history, ping, quiet, token};

#[test]
fn an_event_of_any_name_is_sent_as_it_is() {
    let world = World::new(quiet().with_actions(ActionSet::default()));
    let mut listener = world.listen("t");
    let events = [
        Event::data("a\r\nb").with_name(EventName::from_static("no action of a POST")),
        Event::data(""),
        Event::data("1").with_retry(Duration::from_secs(1)),
    ];
    let expected: Vec<_> = events.iter().map(Event::encode).collect();

    for event in events {
        let published = world.hub.send(&token("t"), event, world.now).unwrap();
        assert_eq!((published.listeners(), published.id()), (1, None));
        assert_eq!((published.position(), published.is_duplicate()), (None, false));
        published.wake();
    }

    assert_eq!(world.read(&mut listener).into_bytes(), expected.concat());
    assert_eq!(world.counts().published, 3);
}

#[test]
fn with_history_what_is_sent_has_its_position_and_is_remembered() {
    let world = World::remembering(history());
    let one = world.hub.send(&token("t"), Event::data("1"), world.now).unwrap();
    let events = ["2", "3"].map(Event::data);
    let three = world.hub.send_all(&token("t"), events, world.now).unwrap();

    assert_eq!(one.position().unwrap().seq(), 1);
    assert_eq!(three.position().unwrap().seq(), 3, "the last one's");
    for published in [&one, &three] {
        let id = published.id().unwrap();
        assert_eq!(Position::parse(id.as_str().as_bytes()), published.position());
    }
    let mut late = world.listen_since("t", Since::Earliest);
    let epoch = one.position().unwrap().epoch();
    let event = |n| format!("data: {n}\nid: {n}.{}\n\n", epoch.as_str());
    let zero = late.resume().unwrap().anchor();
    assert_eq!(world.read(&mut late), fresh(zero) + &event(1) + &event(2) + &event(3));
}

#[test]
fn what_is_sent_takes_the_ids_of_the_hub() {
    let world = World::new(quiet().with_ids(Counter::default()));
    let mut listener = world.listen("t");

    world.hub.send(&token("t"), Event::data("1"), world.now).unwrap().wake();
    world.post("t", "2").wake();
    let events = ["3", "4"].map(Event::data);
    let published = world.hub.send_all(&token("t"), events, world.now).unwrap();

    assert_eq!(published.id().unwrap().as_str(), "3");
    published.wake();
    let read = world.read(&mut listener);
    let ids: Vec<_> = read.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["0", "1", "2", "3"]);
}

#[test]
fn an_event_brings_an_id_only_where_the_hub_makes_none() {
    let own = || Event::data("1").with_id(EventId::from_static("mine"));
    let world = World::new(quiet());
    let mut listener = world.listen("t");
    let published = world.hub.send(&token("t"), own(), world.now).unwrap();
    assert_eq!(published.id(), Some(EventId::from_static("mine")));
    published.wake();
    assert_eq!(world.read(&mut listener), "data: 1\nid: mine\n\n");

    for config in [quiet().with_ids(Counter::default()), quiet().with_history(history())] {
        let world = World::new(config);
        let mut listener = world.listen("t");
        world.read(&mut listener);
        let refused = world.hub.send(&token("t"), own(), world.now).unwrap_err();
        assert_eq!(refused, PublishError::OwnId { id: EventId::from_static("mine") });
        let events = [Event::data("0"), own()];
        let refused = world.hub.send_all(&token("t"), events, world.now).unwrap_err();
        assert_eq!(refused, PublishError::OwnId { id: EventId::from_static("mine") });
        assert_eq!((world.read(&mut listener).as_str(), world.counts().published), ("", 0));
    }
}

#[test]
fn names_of_the_system_are_not_sent() {
    let world = World::new(quiet());
    let mut listener = world.listen("t");
    for name in ["sse.", "sse.open", "sse.gap", "sse.mine"] {
        let event = || Event::data("1").with_name(EventName::new(name).unwrap());
        let reserved = PublishError::Reserved { name: EventName::new(name).unwrap() };
        let refused = world.hub.send(&token("t"), event(), world.now).unwrap_err();
        assert_eq!(refused, reserved);
        assert!(refused.to_string().contains(name), "{refused}");
        let events = [Event::data("0"), event()];
        let refused = world.hub.send_all(&token("t"), events, world.now).unwrap_err();
        assert_eq!(refused, reserved);
    }
    for name in ["sse", "SSE.open", "ssex", "", "my.sse.open"] {
        let event = Event::data("1").with_name(EventName::new(name).unwrap());
        world.hub.send(&token("t"), event, world.now).unwrap().wake();
    }
    assert_eq!(world.read(&mut listener).matches("data: 1").count(), 5);
}

#[test]
fn nothing_is_not_sent() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut listener = world.listen("t");

    let without_data = || Event::default().with_retry(Duration::ZERO);
    for events in [vec![], vec![without_data()], vec![Event::data("1"), without_data()]] {
        let refused = world.hub.send_all(&token("t"), events, world.now).unwrap_err();
        assert_eq!(refused, PublishError::Empty);
    }
    let refused = world.hub.send(&token("t"), Event::default(), world.now).unwrap_err();
    assert_eq!(refused, PublishError::Empty);
    assert_eq!(world.read(&mut listener), "");
}

#[test]
fn what_is_sent_has_the_limits_of_a_post() {
    let frame = cost("data: 1\n\n");
    let world = World::new(bounded(10 * frame).with_max_batch(20));
    let mut listener = world.listen("t");
    let send =
        |events: usize| world.hub.send_all(&token("t"), vec![Event::data("1"); events], world.now);

    assert_eq!(send(21).unwrap_err(), PublishError::TooManyEvents { max: 20 });
    let too_large = PublishError::TooLarge { bytes: 11 * frame, max: 10 * frame };
    assert_eq!(send(11).unwrap_err(), too_large);
    let long = Event::data("x".repeat(2_000));
    let refused = world.hub.send(&token("t"), long, world.now).unwrap_err();
    assert!(matches!(refused, PublishError::TooLarge { .. }), "{refused}");
    send(10).unwrap().wake();
    assert_eq!(world.read(&mut listener), "data: 1\n\n".repeat(10));
}

#[test]
fn an_id_of_ones_own_counts_like_the_data() {
    let world = World::new(bounded(1_000));
    let mut listener = world.listen("t");
    let id = EventId::new("x".repeat(2_000)).unwrap();

    let refused = world.hub.send(&token("t"), Event::data("1").with_id(id), world.now).unwrap_err();

    assert!(matches!(refused, PublishError::TooLarge { max: 1_000, .. }), "{refused}");
    assert_eq!(world.read(&mut listener), "");
}

#[test]
fn an_iterator_without_an_end_is_refused_and_not_waited_for() {
    let world = World::new(quiet());
    let _listener = world.listen("t");

    let endless = std::iter::repeat_with(|| Event::data("1"));

    let refused = world.hub.send_all(&token("t"), endless, world.now).unwrap_err();
    assert_eq!(refused, PublishError::TooManyEvents { max: 10_000 });
}

#[test]
fn without_history_sending_to_nobody_is_refused_first_of_all() {
    let world = World::new(quiet());
    let own = Event::data("1").with_name(EventName::from_static("sse.open"));
    let refusals = [
        world.hub.send(&token("t"), own, world.now),
        world.hub.send_all(&token("t"), [], world.now),
        world.hub.close(&token("t"), world.now),
        world.hub.set_retry(&token("t"), Duration::ZERO, world.now),
    ];

    for refused in refusals {
        assert_eq!(refused.unwrap_err(), PublishError::NotConnected);
    }
    assert_eq!(world.counts().channels, 0);
}

#[test]
fn what_is_sent_to_a_channel_that_is_over_is_refused_as_a_post_is() {
    let ttl = Some(Duration::from_secs(10));
    for config in [quiet(), quiet().with_history(history())] {
        let mut world = World::new(config.with_closed_ttl(ttl));
        drop(world.listen("t"));
        let listener = world.listen("t");
        world.hub.close(&token("t"), world.now).unwrap().wake();
        let refusals = || {
            [
                world.hub.send(&token("t"), Event::data("1"), world.now),
                world.hub.set_retry(&token("t"), Duration::ZERO, world.now),
                world.hub.close(&token("t"), world.now),
                world.hub.publish(&token("t"), "ping", b"1", world.now),
            ]
        };
        for refused in refusals() {
            assert_eq!(refused.unwrap_err(), PublishError::NotConnected);
        }
        drop(listener);
        world.pass(Duration::from_secs(10));
        drop(world.listen("t"));
    }
}

#[test]
fn code_closes_a_channel_whatever_the_actions_are() {
    for config in [quiet(), quiet().with_history(history())] {
        let world = World::new(config.with_actions(ActionSet::default()));
        let mut listener = world.listen("t");
        world.post("t", "1").wake();

        let published = world.hub.close(&token("t"), world.now).unwrap();

        assert_eq!(published.listeners(), 1);
        assert_eq!(world.hub.listeners(&token("t")), 0, "the token is free at once");
        published.wake();
        let (read, reason) = world.read_to_end(&mut listener);
        assert!(read.contains("data: 1\n"), "{read}");
        assert_eq!(reason, CloseReason::Finished);
        drop(world.listen("t"));
    }
}

#[test]
fn code_sets_the_reconnection_time_whatever_the_actions_are() {
    let world = World::new(quiet().with_mode(Mode::Shared));
    let mut early = world.listen("t");
    let set = |retry| world.hub.set_retry(&token("t"), retry, world.now).unwrap().wake();

    set(Duration::from_micros(1_500_900));
    world.post("t", "1").wake();
    set(Duration::ZERO);

    let mut late = world.hub.subscribe(&token("t"), world.now).unwrap();
    assert_eq!(world.read(&mut early), format!("retry: 1500\n\n{}retry: 0\n\n", ping("1")));
    assert_eq!(world.read(&mut late), OPEN.replace("3000", "0"));
    assert_eq!(world.counts().published, 1, "it is no event");
}

#[test]
fn what_code_sends_and_a_post_with_a_key_stand_side_by_side() {
    let world = World::remembering(history());
    let key = IdempotencyKey::try_from(&b"k"[..]).unwrap();
    let post = Post::new("ping", b"1").with_key(key);
    let posted = world.hub.post(&token("t"), &post, world.now).unwrap();
    let sent = world.hub.send(&token("t"), Event::data("2"), world.now).unwrap();

    let again = world.hub.post(&token("t"), &post, world.now).unwrap();

    assert_eq!((again.id(), again.is_duplicate()), (posted.id(), true));
    assert_eq!(sent.position().unwrap().seq(), 2);
}

#[test]
fn a_token_is_made_from_text_of_any_kind() {
    let expected = token("a b");

    assert_eq!("a b".parse(), Ok(expected.clone()));
    assert_eq!(Token::try_from("a b".to_owned()), Ok(expected.clone()));
    assert_eq!(Token::try_from("a b"), Ok(expected));
    assert_eq!("".parse::<Token>(), Err(TokenError::Empty));
    assert_eq!(Token::try_from(String::new()), Err(TokenError::Empty));
    let long = "x".repeat(257);
    assert_eq!(long.parse::<Token>(), Err(TokenError::TooLong { len: 257 }));
    assert_eq!(Token::try_from(long), Err(TokenError::TooLong { len: 257 }));
}
