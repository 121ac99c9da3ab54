use std::{sync::Arc, task::Waker, time::Duration};

use sse_core::{
    Gateway, GatewayConfig,
    channel::{CloseReason, IdempotencyKey, Mode, Output},
    gateway::Handled,
    hub::{Post, PublishError, SubscribeError},
};

use crate::support::{Woken, World, history, quiet, token};

const TTL: Duration = Duration::from_secs(10);

#[test]
fn a_finished_channel_says_so_and_is_closed_for_its_time() {
    let mut world = World::new(quiet().with_closed_ttl(Some(TTL)));
    let mut listener = world.listen("t");
    world.post("t", "1").wake();
    world.close("t");

    let (read, reason) = world.read_to_end(&mut listener);
    assert_eq!(read, "event: ping\ndata: 1\n\nevent: sse.end\ndata: {}\n\n");
    assert_eq!(reason, CloseReason::Finished);
    drop(listener);
    world.pass(TTL - Duration::from_millis(1));
    assert_eq!(world.hub.subscribe(&token("t"), world.now).unwrap_err(), SubscribeError::Ended);
    let refused = world.hub.publish(&token("t"), "ping", b"", world.now).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected);

    world.pass(Duration::from_millis(1));
    let _listener = world.listen("t");
    assert_eq!(world.post("t", "2").listeners(), 1);
}

#[test]
fn a_closed_channel_that_nobody_asks_for_costs_nothing_after_its_time() {
    let mut world = World::new(quiet().with_closed_ttl(Some(TTL)));
    drop((0..100).map(|n| world.listen(&n.to_string())).collect::<Vec<_>>());
    for n in 0..100 {
        let name = n.to_string();
        let _listener = world.listen(&name);
        world.close(&name);
    }
    assert_eq!((world.counts().channels, world.counts().tombstones), (0, 100));

    world.pass(TTL);
    world.hub.expire(world.now);

    assert_eq!((world.counts().tombstones, world.counts().history_bytes), (0, 0));
}

#[test]
fn with_history_a_publication_to_a_closed_channel_is_refused_for_its_time_and_begins_a_new_life() {
    let mut world = World::new(quiet().with_history(history()).with_closed_ttl(Some(TTL)));
    let old = world.publish("t", "1");
    world.close("t");
    assert_eq!(
        world.hub.check_publish(&token("t"), "ping", world.now),
        Err(PublishError::NotConnected),
    );
    let refused = world.hub.publish(&token("t"), "ping", b"2", world.now).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected);

    world.pass(TTL);

    let new = world.publish("t", "2");
    assert!(new.as_str().starts_with("1."), "{new}");
    assert_ne!(old, new);
}

#[test]
fn a_drain_ends_each_stream_at_a_time_of_its_own_and_tells_it_when_to_return() {
    let window = Duration::from_secs(10);
    let mut world = World::new(quiet().with_mode(Mode::Shared));
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(woken.clone());
    let mut listeners: Vec<_> = (0..101).map(|_| world.listen("t")).collect();
    drop(listeners.remove(0));
    for listener in &mut listeners {
        assert_eq!(listener.poll_output(&waker, world.now), Output::Wait { until: None });
    }
    let start = world.now;
    world.hub.drain(window, world.now).wake();
    assert_eq!(woken.count(), 100, "everyone is told that there is an end");
    assert_eq!(world.hub.subscribe(&token("t"), start).unwrap_err(), SubscribeError::Shutdown);
    assert_eq!(world.hub.subscribe(&token("u"), start).unwrap_err(), SubscribeError::Shutdown);
    assert_eq!(world.post("t", "1").listeners(), 100, "publishers are served meanwhile");

    let (mut tenths, mut returns) = ([0; 10], [0; 10]);
    for mut listener in listeners {
        world.now = start;
        assert_eq!(world.read(&mut listener), "event: ping\ndata: 1\n\n");
        let Output::Wait { until: Some(until) } = listener.poll_output(&waker, world.now) else {
            panic!("the end has a time");
        };
        assert!(start <= until && until <= start + window);
        world.now = until;
        let (farewell, reason) = world.read_to_end(&mut listener);
        assert_eq!(reason, CloseReason::Shutdown);
        let retry = farewell.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let retry = Duration::from_millis(retry.unwrap().parse().unwrap());
        let left = start + window - until;
        let most = left + window + Duration::from_millis(1);
        assert!(left <= retry && retry <= most, "{left:?} {retry:?}");
        tenths[tenth(until - start, window)] += 1;
        returns[tenth(retry - left, window)] += 1;
    }

    assert!(tenths.iter().all(|&ends| (5..=15).contains(&ends)), "{tenths:?}");
    assert!(returns.iter().all(|&returns| (5..=15).contains(&returns)), "{returns:?}");
}

#[test]
fn a_shutdown_after_a_drain_ends_who_is_left() {
    let world = World::new(quiet());
    drop(world.listen("the first one of all would be ended at once"));
    let mut listener = world.listen("t");
    world.hub.drain(Duration::from_secs(3600), world.now).wake();

    world.hub.shutdown().wake();

    assert_eq!(world.read_to_end(&mut listener), (String::new(), CloseReason::Shutdown));
    let refused = world.hub.publish(&token("t"), "ping", b"", world.now).unwrap_err();
    assert_eq!(refused, PublishError::NotConnected);
}

#[test]
fn any_window_and_any_time_can_be_given() {
    let world = World::new(quiet());
    drop(world.listen("the first one of all would be ended at once"));
    let mut listener = world.listen("t");

    world.hub.drain(Duration::MAX, world.now).wake();

    let Output::Wait { until: Some(until) } = listener.poll_output(Waker::noop(), world.now) else {
        panic!("the end has a time");
    };
    assert!(world.now <= until);
    let config = GatewayConfig::default().with_body_timeout(Duration::MAX);
    let (parts, ()) =
        http::Request::post("/ping/t").header("host", "h").body(()).unwrap().into_parts();
    let handled = Gateway::new(world.hub.clone(), config).handle(&parts, world.now);
    assert!(matches!(handled, Handled::Publish(_)), "{handled:?}");
}

#[test]
fn with_history_a_publication_after_the_shutdown_is_refused() {
    let world = World::remembering(history());
    world.publish("t", "1");
    world.hub.shutdown().wake();

    let refused = world.hub.publish(&token("t"), "ping", b"", world.now).unwrap_err();

    assert_eq!(refused, PublishError::Shutdown);
    assert_eq!(world.hub.counts().history_bytes, 0);
}

#[test]
fn any_duration_may_be_as_long_as_there_is() {
    let always = Duration::MAX;
    let history = history().with_max_age(Some(always)).with_key_window(always);
    let config = quiet().with_history(history).with_closed_ttl(Some(always));
    let mut world = World::new(config.with_keepalive(Some(always)).with_retry(always));
    let mut listener = world.listen("t");
    world.read(&mut listener);
    let key = IdempotencyKey::try_from(&b"k"[..]).unwrap();
    let post = Post::new("ping", b"1").with_key(key);
    world.hub.post(&token("t"), &post, world.now).unwrap().wake();
    world.hub.set_retry(&token("t"), always, world.now).unwrap().wake();
    assert!(world.read(&mut listener).contains("data: 1\n"));

    world.pass(Duration::from_secs(1 << 30));
    world.hub.expire(world.now);
    assert!(world.hub.post(&token("t"), &post, world.now).unwrap().is_duplicate());
    world.hub.close(&token("t"), world.now).unwrap().wake();
    world.read_to_end(&mut listener);
    world.pass(Duration::from_secs(1 << 30));
    assert_eq!(world.hub.subscribe(&token("t"), world.now).unwrap_err(), SubscribeError::Ended);
}

#[test]
fn every_end_of_a_stream_gives_back_what_was_held_for_it() {
    for config in [quiet(), quiet().with_history(history()).with_closed_ttl(Some(TTL))] {
        let mut world = World::new(config.with_mode(Mode::Shared));
        let mut listeners: Vec<_> = (0..3).map(|_| world.listen("t")).collect();
        for n in 0..100 {
            world.post("t", &n.to_string()).wake();
        }
        let Output::Write(_) = listeners[0].poll_output(Waker::noop(), world.now) else {
            panic!("there is much to write");
        };
        world.hub.close(&token("t"), world.now).unwrap().wake();
        assert_eq!((world.counts().listeners, world.counts().leaving), (0, 3));
        assert!(0 < world.counts().unread_bytes, "they still have to read it");

        let (_, reason) = world.read_to_end(&mut listeners[0]);
        assert_eq!(reason, CloseReason::Finished);
        let (_, reason) = world.read_to_end(&mut listeners[1]);
        assert_eq!(reason, CloseReason::Finished);
        assert!(0 < world.counts().unread_bytes, "one has not read a byte");
        drop(listeners);

        world.pass(TTL);
        world.hub.expire(world.now);
        let counts = world.counts();
        let held = (counts.channels, counts.leaving, counts.unread_bytes, counts.history_bytes);
        assert_eq!((held, counts.tombstones, counts.joined_bytes), ((0, 0, 0, 0), 0, 0));
    }
}

#[test]
fn a_shutdown_lets_go_of_all_that_was_remembered_and_of_the_rest_when_it_was_read() {
    let world = World::new(quiet().with_history(history()).with_mode(Mode::Shared));
    let mut listener = world.listen("t");
    world.publish("t", "1");
    world.publish("u", "1");
    drop(world.listen("v"));

    world.hub.shutdown().wake();

    let counts = world.counts();
    assert_eq!((counts.channels, counts.history_bytes, counts.tombstones), (0, 0, 0));
    assert_eq!((counts.listeners, counts.leaving), (0, 1));
    assert!(world.read_to_end(&mut listener).0.contains("data: 1\n"));
    assert_eq!(world.counts().unread_bytes, 0);
}

fn tenth(time: Duration, window: Duration) -> usize {
    ((time.as_secs_f64() / window.as_secs_f64() * 10.0) as usize).min(9)
}
