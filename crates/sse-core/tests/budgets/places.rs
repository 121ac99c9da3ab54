//! How many channels, listeners and arriving bodies there may be.

use std::time::{Duration, Instant};

use http::Request;
use sse_core::{
    Gateway, GatewayConfig,
    channel::Mode,
    gateway::{Handled, Permit},
    history::{History, Verdict},
    hub::HubLimit,
};

use crate::support::{World, quiet, token};

#[test]
fn at_the_limit_of_channels_the_one_that_was_used_longest_ago_gives_way() {
    let mut world = World::new(quiet().with_history(History::new(1)).with_max_channels(100));
    let ids: Vec<_> = (0..1_000)
        .map(|n| {
            world.now += Duration::from_millis(1);
            world.publish_id(&n.to_string(), 1)
        })
        .collect();

    let counts = world.counts();
    assert_eq!((counts.channels, counts.tombstones), (100, 900));
    assert_eq!(counts.refused(HubLimit::Channels), 0);
    let tokens = world.hub.channels().into_iter();
    let there: Vec<u32> = tokens.map(|info| info.token.as_str().parse().unwrap()).collect();
    assert!(there.iter().all(|n| (900..1_000).contains(n)), "{there:?}");
    for n in [0, 500, 999] {
        assert_eq!(world.verdict(&n.to_string(), &ids[n]), Verdict::Ok, "{n} missed nothing");
    }
}

#[test]
fn connections_that_live_count_as_listeners_whatever_became_of_them() {
    let config = quiet().with_mode(Mode::Takeover).with_max_listeners(10);
    let world = World::new(config.with_max_log_bytes(1_000));
    let mut all = Vec::new();
    for n in 0..10 {
        all.push(world.listen(if n < 5 { "taken over" } else { "cut" }));
        let _published = world.hub.publish(&token("cut"), "ping", &[b'x'; 800], world.now);
    }

    let counts = world.counts();
    assert_eq!(counts.listeners + counts.leaving, 10);
    assert!(world.hub.subscribe(&token("another"), world.now).is_err());
    assert_eq!(world.counts().refused(HubLimit::Listeners), 1);
    drop(all);
    assert_eq!((world.counts().listeners, world.counts().leaving), (0, 0));
}

#[test]
fn bodies_that_are_arriving_are_bounded_together_and_make_room_when_they_are_over() {
    let world = World::new(quiet());
    let _listener = world.listen("t");
    let config = GatewayConfig::default().with_max_body(100).with_max_bodies(1_000);
    let gateway = Gateway::new(world.hub.clone(), config);
    let mut arriving: Vec<_> = (0..10).map(|_| permit(&gateway, world.now)).collect();
    for permit in &mut arriving {
        assert!(permit.handle_input(&[b'x'; 100]).is_none());
    }

    let mut late = permit(&gateway, world.now);
    let refused = late.handle_input(b"x").unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(world.counts().refused(HubLimit::Bodies), 1);
    drop(arriving.pop());
    assert!(permit(&gateway, world.now).handle_input(&[b'x'; 100]).is_none());
    for permit in arriving {
        permit.publish(world.now).published.unwrap().wake();
    }
    assert!(permit(&gateway, world.now).handle_input(&[b'x'; 100]).is_none());
}

fn permit(gateway: &Gateway, now: Instant) -> Permit {
    let request = Request::post("/ping/t").header("host", "test").body(()).unwrap();
    match gateway.handle(&request.into_parts().0, now) {
        Handled::Publish(permit) => permit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whatever_the_limit_of_listeners_becomes_all_together_hold_no_more_than_they_may() {
    for (before, after) in [(1, 1_000), (1_000, 1), (1_000, 1_000)] {
        let config = quiet().with_max_listeners(before).with_max_total_bytes(100_000);
        let world = World::new(config);
        let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        world.hub.set_max_listeners(after.max(before));
        let _stalled: Vec<_> = names.iter().map(|name| world.listen(name)).collect();
        world.hub.set_max_listeners(after);

        for name in &names {
            world.fill(name, 5_000);
            assert!(world.counts().unread_bytes <= 100_000, "{before}, then {after}");
        }

        assert!(names.iter().any(|name| world.hub.listeners(&token(name)) == 0));
    }
}
