//! Limits that change while they are used.

use std::time::{Duration, Instant};

use sse_access::limits::{ClientHeader, Limit, Limits};
use sse_core::access::Limited;

use super::support::{client, listen, ms, parts, publish, socket};

const ADDRESS: &str = "192.0.2.1";

#[test]
fn lower_limits_refuse_newcomers_and_keep_those_who_are_there() {
    let (limits, now) = (Limits::new(), Instant::now());
    let connect = || limits.connect(socket(ADDRESS), now);
    let listening = |subject| listen(&limits, &parts(ADDRESS, &[]), subject);
    let connections = [(); 3].map(|()| connect().unwrap());
    let listeners = [(); 3].map(|()| listening(Some("alice")).unwrap());

    limits.reconfigure(Limits::new().with_max_connections_per_address(2));
    assert!(connect().is_none());
    limits.reconfigure(Limits::new().with_max_connections(1));
    assert!(connect().is_none());
    limits.reconfigure(Limits::new().with_max_listeners_per_address(2));
    assert!(matches!(listening(None), Err(Limited::Full { max: 2, .. })));
    limits.reconfigure(Limits::new().with_max_listeners_per_subject(1));
    assert!(matches!(listening(Some("alice")), Err(Limited::Full { max: 1, .. })));

    let counts = limits.counts();
    assert_eq!((counts.connections, counts.listeners), (3, 3));
    assert_eq!(counts.refused(Limit::ConnectionsPerAddress), 1);
    drop((connections, listeners));
    assert!(listening(Some("alice")).is_ok());
}

#[test]
fn higher_limits_let_more_in_and_count_those_who_are_there() {
    let lower = || Limits::new().with_max_connections_per_address(2);
    let (limits, now) = (lower(), Instant::now());
    let connect = || limits.connect(socket(ADDRESS), now);
    let mut connections = vec![connect().unwrap(), connect().unwrap()];
    assert!(connect().is_none());

    limits.reconfigure(lower().with_max_connections_per_address(3));

    connections.push(connect().unwrap());
    assert!(connect().is_none());
    limits.reconfigure(lower().with_max_connections_per_address(0));
    connections.extend(connect());
    assert_eq!(limits.counts().connections, 4);
}

#[test]
fn a_rate_that_was_used_up_is_used_up_at_the_next_rate_too() {
    let (limits, now) = (Limits::new().with_publish_rate(4), Instant::now());
    while publish(&limits, ADDRESS, now).is_ok() {}

    limits.reconfigure(Limits::new().with_publish_rate(2));

    let wait = |now| match publish(&limits, ADDRESS, now) {
        Err(Limited::TooFast { retry_after, max, .. }) => Some((retry_after, max)),
        _ => None,
    };
    assert_eq!(wait(now), Some((ms(500), 2)));
    assert_eq!(wait(now + ms(500)), None);
    limits.reconfigure(Limits::new().with_publish_rate(0));
    assert!(publish(&limits, ADDRESS, now + ms(500)).is_ok());
}

#[test]
fn failures_of_the_last_minute_count_for_the_next_limit() {
    let (limits, now) = (Limits::new(), Instant::now());
    let one = client(&limits, ADDRESS);
    (0..3).for_each(|_| limits.count_failure(one, now));
    assert_eq!(limits.check_failures(one, now), Ok(()));

    limits.reconfigure(Limits::new().with_max_auth_failures(3));

    assert_eq!(limits.check_failures(one, now), Err(Duration::from_secs(60)));
    limits.reconfigure(Limits::new().with_max_auth_failures(0));
    assert_eq!(limits.check_failures(one, now), Ok(()));
}

#[test]
fn proxies_are_trusted_from_now_on() {
    let limits = Limits::new();
    let fields =
        [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=203.0.113.8, for=203.0.113.9")];
    let shown = || limits.client(&parts(ADDRESS, &fields)).unwrap().ip().to_string();
    assert_eq!(shown(), ADDRESS);

    let trusting = || Limits::new().with_trusted_proxy("192.0.2.0/24".parse().unwrap());
    limits.reconfigure(trusting());
    assert_eq!(shown(), "203.0.113.7");
    limits.reconfigure(trusting().with_client_header(ClientHeader::Forwarded));
    assert_eq!(shown(), "203.0.113.9");

    limits.reconfigure(Limits::new());
    assert_eq!(shown(), ADDRESS);
}
