//! How many authentications of one address may fail.

use std::time::{Duration, Instant};

use sse_access::limits::{Limit, Limits};

use super::support::{client, parts};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn within_a_minute_of_the_first_one_so_many_may_fail() {
    let (limits, start) = (Limits::default(), Instant::now());
    let one = client(&limits, "192.0.2.1");
    // However slowly they come.
    for failure in 0..60 {
        let now = start + secs(failure / 2);
        assert_eq!(limits.check_failures(one, now), Ok(()), "{failure}");
        limits.count_failure(one, now);
    }

    for (seconds, expected) in
        [(30, Err(secs(30))), (45, Err(secs(15))), (59, Err(secs(1))), (60, Ok(())), (600, Ok(()))]
    {
        assert_eq!(limits.check_failures(one, start + secs(seconds)), expected, "at {seconds} s");
    }
    assert_eq!(limits.counts().refused(Limit::AuthFailures), 3);
}

#[test]
fn the_next_minute_begins_with_the_next_failure() {
    let (limits, start) = (Limits::new().with_max_auth_failures(2), Instant::now());
    let one = client(&limits, "192.0.2.1");
    let fail = |seconds| limits.count_failure(one, start + secs(seconds));
    let check = |seconds| limits.check_failures(one, start + secs(seconds));
    fail(0);
    fail(59);
    assert_eq!(check(59), Err(secs(1)));

    fail(100);
    assert_eq!(check(100), Ok(()));
    fail(110);
    // Those that were under way.
    fail(110);

    assert_eq!(check(110), Err(secs(50)));
    assert_eq!(check(159), Err(secs(1)));
    assert_eq!(check(160), Ok(()));
}

#[test]
fn others_and_loopback_addresses_are_not_refused() {
    let (limits, now) = (Limits::new().with_max_auth_failures(1), Instant::now());
    for ip in ["192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"] {
        limits.count_failure(client(&limits, ip), now);
    }

    for (ip, is_refused) in [
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("2001:db8::2", true),
        ("2001:db8:0:1::1", false),
        ("127.0.0.1", false),
        ("::1", false),
    ] {
        assert_eq!(limits.check_failures(client(&limits, ip), now).is_err(), is_refused, "{ip}");
    }
}

#[test]
fn clients_of_a_proxy_are_counted_by_their_own_addresses() {
    let limits =
        Limits::new().with_max_auth_failures(1).with_trusted_proxy("127.0.0.1/32".parse().unwrap());
    let now = Instant::now();
    let of = |ip| limits.client(&parts("127.0.0.1", &[("X-Forwarded-For", ip)])).unwrap();

    limits.count_failure(of("192.0.2.1"), now);

    limits.check_failures(of("192.0.2.1"), now).unwrap_err();
    limits.check_failures(of("192.0.2.2"), now).unwrap();
    limits.check_failures(client(&limits, "127.0.0.1"), now).unwrap();
}

#[test]
fn zero_is_any_number() {
    let (limits, now) = (Limits::new().with_max_auth_failures(0), Instant::now());
    let one = client(&limits, "192.0.2.1");
    (0..1_000).for_each(|_| limits.count_failure(one, now));

    assert_eq!(limits.check_failures(one, now), Ok(()));
}

#[test]
fn a_flood_of_other_addresses_does_not_forgive_the_worst() {
    let (limits, now) = (Limits::new().with_max_auth_failures(2), Instant::now());
    let worst = client(&limits, "192.0.2.1");
    (0..2).for_each(|_| limits.count_failure(worst, now));

    for network in 0..100_000_u32 {
        let ip = format!("2001:db8:{:x}:{:x}::1", network >> 16, network & 0xffff);
        limits.count_failure(client(&limits, &ip), now);
    }

    limits.check_failures(worst, now).unwrap_err();
}
