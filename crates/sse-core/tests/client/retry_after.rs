use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use sse_core::client::{ClientConfig, Disconnect, RetryAfter, RetryLimit};

use crate::support::{SECOND, answer, connecting, date, epoch, interruption, stopped, wait};

#[test]
fn both_forms_take_the_place_of_the_reconnection_time_under_the_same_jitter() {
    for (value, least) in [
        ("2", 2 * SECOND),
        ("7200", 7200 * SECOND),
        ("0", SECOND / 10),
        ("Sun, 06 Nov 1994 08:49:44 GMT", 7 * SECOND),
        ("86400", 86_400 * SECOND),
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
fn date_is_compared_with_the_one_that_the_server_sends() {
    for (sent, least) in [
        // Its clock is an hour ahead of this one, an hour behind, or not to be read.
        ("Sun, 06 Nov 1994 09:49:37 GMT", SECOND / 10),
        ("Sun, 06 Nov 1994 09:49:34 GMT", 3 * SECOND),
        ("Sun, 06 Nov 1994 07:49:37 GMT", 7200 * SECOND),
        ("Sun Nov  6 09:49:34 1994", 3 * SECOND),
        ("yesterday", 3600 * SECOND),
    ] {
        let config = ClientConfig::default().with_status_retry(true);
        let (mut client, now) = (connecting(config), epoch());
        let mut headers = retry_after("Sun, 06 Nov 1994 09:49:37 GMT");
        headers.insert(header::DATE, sent.parse().unwrap());

        answer(&mut client, StatusCode::SERVICE_UNAVAILABLE, &headers, now);

        let after = wait(&mut client, now);
        assert!(least <= after && after <= least + 30 * SECOND, "{sent}: {after:?}");
    }
}

#[test]
fn more_than_a_day_is_not_waited_but_said() {
    for (value, seconds) in [
        ("86401", 86_401),
        ("99999999999999", 99_999_999_999_999),
        (&*"9".repeat(60), u64::MAX),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 252_618_189_022),
        ("Mon, 07 Nov 1994 08:49:38 GMT", 86_401),
    ] {
        for persistence in [false, true] {
            let config =
                ClientConfig::default().with_status_retry(true).with_persistence(persistence);
            let (mut client, now) = (connecting(config), epoch());

            answer(&mut client, StatusCode::SERVICE_UNAVAILABLE, &retry_after(value), now);

            let because = stopped(&mut client, now);
            let wanted = RetryLimit::Wait(Duration::from_secs(seconds));
            assert!(
                matches!(&because, Disconnect::GaveUp { limit, .. } if *limit == wanted),
                "{value}: {because:?}"
            );
            assert_eq!(
                because.to_string(),
                format!(
                    "the server answered 503 Service Unavailable; given up, as the server asks to \
                     wait for {seconds}s, which is more than a day"
                )
            );
        }
    }
}

fn retry_after(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())])
}
