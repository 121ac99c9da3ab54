//! How many publications there may be of one address in a time.

use std::time::{Duration, Instant};

use sse_access::limits::{Limit, Limits};
use sse_core::access::{Limited, Operation};

use super::support::{admit, ms, parts, publish};

/// How long to wait, if it is refused.
fn wait(limits: &Limits, ip: &str, now: Instant) -> Option<Duration> {
    match publish(limits, ip, now) {
        Ok(_) => None,
        Err(Limited::TooFast { retry_after, .. }) => Some(retry_after),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn ten_times_as_many_as_in_a_second_may_come_at_once_and_then_each_waits_its_time() {
    let (limits, start) = (Limits::new().with_publish_rate(4), Instant::now());
    for _ in 0..40 {
        assert_eq!(wait(&limits, "192.0.2.1", start), None);
    }

    for (millis, expected) in [
        (0, Some(ms(250))),
        (0, Some(ms(250))),
        (100, Some(ms(150))),
        (249, Some(ms(1))),
        (250, None),
        (250, Some(ms(250))),
        (1_000, None),
        (1_000, None),
        (1_000, None),
        (1_000, Some(ms(250))),
        // A step back of another thread's clock.
        (900, Some(ms(350))),
        (1_250, None),
    ] {
        assert_eq!(wait(&limits, "192.0.2.1", start + ms(millis)), expected, "at {millis} ms");
    }
}

#[test]
fn a_bucket_that_was_left_alone_is_full_and_not_fuller() {
    let (limits, start) = (Limits::new().with_publish_rate(3), Instant::now());
    for seconds in [0, 10, 1_000, 1_000_000] {
        let now = start + Duration::from_secs(seconds);
        let count = (0..100).filter(|_| publish(&limits, "192.0.2.1", now).is_ok()).count();
        assert_eq!(count, 30, "after {seconds} s");
    }
}

#[test]
fn each_address_has_a_bucket_of_its_own() {
    let (limits, now) = (Limits::new().with_publish_rate(1), Instant::now());
    while publish(&limits, "2001:db8::1", now).is_ok() {}

    publish(&limits, "2001:db8::2", now).unwrap_err();
    publish(&limits, "2001:db8:0:1::1", now).unwrap();
    publish(&limits, "192.0.2.1", now).unwrap();

    assert_eq!(limits.counts().refused(Limit::PublishRate), 2);
}

#[test]
fn a_ticket_counts_as_a_publication_and_a_listener_does_not() {
    let (limits, now) = (Limits::new().with_publish_rate(1), Instant::now());
    let one = parts("192.0.2.1", &[]);
    for _ in 0..10 {
        admit(&limits, &one, &Operation::Ticket, None, now).unwrap();
    }

    let refused = admit(&limits, &one, &Operation::Ticket, None, now).unwrap_err();

    assert_eq!(
        refused,
        Limited::TooFast {
            limit: "publications of one address a second".into(),
            max: 1,
            retry_after: ms(1_000),
        }
    );
    admit(&limits, &one, &Operation::Listen, None, now).unwrap();
}

#[test]
fn the_default_is_a_thousand_a_second() {
    let (limits, now) = (Limits::default(), Instant::now());
    let count = (0..20_000).filter(|_| publish(&limits, "192.0.2.1", now).is_ok()).count();

    assert_eq!(count, 10_000);
    assert_eq!(wait(&limits, "192.0.2.1", now), Some(ms(1)));
}

#[test]
fn zero_is_any_number_and_the_greatest_rate_is_one() {
    let now = Instant::now();
    for rate in [0, u32::MAX] {
        let limits = Limits::new().with_publish_rate(rate);
        assert!((0..20_000).all(|_| publish(&limits, "192.0.2.1", now).is_ok()));
    }
    let limits = Limits::new().with_publish_rate(1);
    assert!((0..1_000).all(|_| publish(&limits, "127.0.0.1", now).is_ok()));
}

#[test]
fn a_flood_of_other_addresses_neither_refuses_an_address_nor_forgives_it() {
    let (limits, now) = (Limits::new().with_publish_rate(10), Instant::now());
    while publish(&limits, "192.0.2.1", now).is_ok() {}

    for network in 0..100_000_u32 {
        let ip = format!("2001:db8:{:x}:{:x}::1", network >> 16, network & 0xffff);
        publish(&limits, &ip, now).unwrap();
    }

    publish(&limits, "192.0.2.1", now).unwrap_err();
    publish(&limits, "192.0.2.2", now).unwrap();
}
