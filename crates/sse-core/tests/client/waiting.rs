use std::time::Duration;

use http::StatusCode;
use sse_core::client::{ClientConfig, ClientOutput, End};

use crate::support::{
    SECOND, answer, connecting, epoch, event_stream, fail, interruption, next_request, open,
    opened, wait,
};

#[test]
fn wait_after_an_end_is_the_reconnection_time_and_up_to_a_quarter_of_it() {
    for (config, retry, least) in [
        (Duration::from_secs(3), None, 3 * SECOND),
        (Duration::from_secs(5), Some("2000"), 2 * SECOND),
        (Duration::from_secs(5), Some("0"), SECOND / 10),
        (Duration::from_millis(20), None, SECOND / 10),
        (Duration::from_secs(5), Some("3600000"), 3600 * SECOND),
        (Duration::from_secs(5), Some("86400000"), 86_400 * SECOND),
        (Duration::from_secs(500), None, 500 * SECOND),
        (Duration::from_secs(60), None, 60 * SECOND),
    ] {
        for seed in 0..50 {
            let config = ClientConfig::default().with_reconnection_time(config).with_seed(seed);
            let (mut client, now) = (opened(config), epoch());
            if let Some(retry) = retry {
                client.handle_input(format!("retry: {retry}\n").into(), now);
            }
            client.handle_end(End::Clean, now);

            let after = wait(&mut client, now);

            let range = (least / 4).min(30 * SECOND);
            assert!(least <= after && after <= least + range, "{after:?} for {least:?}");
        }
    }
}

#[test]
fn floor_of_zero_lets_the_server_ask_for_no_wait() {
    let config = ClientConfig::default().with_reconnection_floor(Duration::ZERO);
    let (mut client, now) = (opened(config), epoch());
    client.handle_input("retry: 0\n".into(), now);
    client.handle_end(End::Clean, now);

    assert_eq!(wait(&mut client, now), Duration::ZERO);
}

#[test]
fn failures_in_a_row_widen_the_wait_up_to_the_cap() {
    let mut widest = [Duration::ZERO; 8];
    for seed in 0..200 {
        let config = ClientConfig::default().with_reconnection_time(SECOND).with_seed(seed);
        let (mut client, mut now) = (connecting(config), epoch());
        for widest in &mut widest {
            fail(&mut client, now);
            let after = wait(&mut client, now);
            assert!(SECOND <= after, "{after:?}");
            *widest = after.max(*widest);
            now += after;
            client.handle_timeout(now);
            next_request(&mut client, now);
        }
    }
    for (n, widest) in (1..).zip(widest) {
        let range = Duration::from_secs(2_u64.pow(n)).min(30 * SECOND);
        assert!(SECOND + range / 2 < widest && widest <= SECOND + range, "{n}: {widest:?}");
    }
}

#[test]
fn failures_are_forgotten_only_once_a_stream_was_stable() {
    for (open_for, stable) in [(4 * SECOND, false), (5 * SECOND, true)] {
        let mut widest = Duration::ZERO;
        for seed in 0..200 {
            let config = ClientConfig::default().with_reconnection_time(SECOND).with_seed(seed);
            let (mut client, mut now) = (connecting(config), epoch());
            for _ in 0..6 {
                fail(&mut client, now);
                now += wait(&mut client, now);
                client.handle_timeout(now);
                next_request(&mut client, now);
            }
            open(&mut client, now);
            now += open_for;
            client.handle_end(End::Cut, now);
            widest = widest.max(wait(&mut client, now));
        }

        assert_eq!(widest <= 3 * SECOND, stable, "{widest:?} after {open_for:?}");
    }
}

#[test]
fn same_seed_waits_the_same() {
    let waits = |seed| {
        let config = ClientConfig::default().with_seed(seed);
        let (mut client, now) = (connecting(config), epoch());
        fail(&mut client, now);
        wait(&mut client, now)
    };

    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}

#[test]
fn early_timeout_changes_nothing() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());
    fail(&mut client, now);
    let until = now + wait(&mut client, now);

    client.handle_timeout(until - Duration::from_nanos(1));
    assert_eq!(client.poll_output(now), ClientOutput::Wait { until });
    client.handle_timeout(until);

    next_request(&mut client, until);
}

#[test]
fn wait_that_no_clock_can_say_is_no_panic() {
    let config = ClientConfig::default()
        .with_reconnection_time(Duration::MAX)
        .with_reconnection_cap(Duration::MAX);
    let (mut client, now) = (connecting(config), epoch());

    fail(&mut client, now);

    assert!(matches!(client.poll_output(now), ClientOutput::Reconnecting { .. }));
    let ClientOutput::Wait { until } = client.poll_output(now) else {
        panic!("it waits");
    };
    assert!(now + 1_000_000 * SECOND < until);
}

#[test]
fn reason_is_told_with_the_wait() {
    let config = ClientConfig::default().with_status_retry(true);
    let (mut client, now) = (connecting(config), epoch());

    answer(&mut client, StatusCode::BAD_GATEWAY, &event_stream(), now);

    assert_eq!(interruption(&mut client, now).1.to_string(), "the server answered 502 Bad Gateway");
}
