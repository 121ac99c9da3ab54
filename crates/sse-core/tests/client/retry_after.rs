use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use sse_core::{ClientConfig, Disconnect, RetryAfter};

use crate::support::{SECOND, answer, connecting, date, epoch, interruption, stopped, wait};

#[test]
fn both_forms_take_the_place_of_the_reconnection_time_under_the_same_jitter() {
    for (value, least) in [
        ("2", 2 * SECOND),
        ("7200", 7200 * SECOND),
        ("0", SECOND / 10),
        ("Sun, 06 Nov 1994 08:49:44 GMT", 7 * SECOND),
        ("Sunday, 06-Nov-94 08:49:44 GMT", 7 * SECOND),
        ("Sun Nov  6 08:49:44 1994", 7 * SECOND),
        ("Sun, 06 Nov 1994 08:49:30 GMT", SECOND / 10),
        ("soon", 3 * SECOND),
        ("-1", 3 * SECOND),
        ("2.5", 3 * SECOND),
    ] {
        let range = (2 * least).min(30 * SECOND);
        let mut widest = Duration::ZERO;
        for seed in 0..100 {
            let config = ClientConfig::default().with_status_retry(true).with_seed(seed);
            let (mut client, now) = (connecting(config), epoch());

            answer(&mut client, StatusCode::SERVICE_UNAVAILABLE, &retry_after(value), now);

            let after = wait(&mut client, now);
            assert!(least <= after && after <= least + range, "{value}: {after:?}");
            widest = widest.max(after);
        }
        assert!(least + range / 2 < widest, "{value}: {widest:?}");
    }
}

#[test]
fn statuses_are_tried_again_only_if_wanted_and_only_those_that_may_pass() {
    for status in 300..600 {
        let status = StatusCode::from_u16(status).unwrap();
        for wanted in [false, true] {
            let config = ClientConfig::default().with_status_retry(wanted);
            let (mut client, now) = (connecting(config), epoch());

            answer(&mut client, status, &HeaderMap::new(), now);

            let refused = Disconnect::Status { status, retry_after: None };
            if wanted && (status.as_u16() == 429 || 500 <= status.as_u16()) {
                assert_eq!(interruption(&mut client, now).1, refused);
            } else {
                assert_eq!(stopped(&mut client, now), refused);
            }
        }
    }
}

#[test]
fn what_the_server_asked_for_is_told() {
    let seconds = RetryAfter::Delay(Duration::from_secs(2));
    let moment = RetryAfter::Date(date());
    for (value, parsed) in [("2", seconds), ("Sun, 06 Nov 1994 08:49:37 GMT", moment)] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        answer(&mut client, StatusCode::TOO_MANY_REQUESTS, &retry_after(value), now);

        let status = StatusCode::TOO_MANY_REQUESTS;
        let expected = Disconnect::Status { status, retry_after: Some(parsed) };
        assert_eq!(stopped(&mut client, now), expected);
        assert_eq!(parsed.to_string(), value);
    }
}

#[test]
fn delay_of_any_length_is_no_panic() {
    for digits in 1..60 {
        let value = "9".repeat(digits);
        let config = ClientConfig::default().with_status_retry(true);
        let (mut client, now) = (connecting(config), epoch());

        answer(&mut client, StatusCode::SERVICE_UNAVAILABLE, &retry_after(&value), now);

        assert!(9 * SECOND <= wait(&mut client, now), "{value}");
    }
}

fn retry_after(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())])
}
