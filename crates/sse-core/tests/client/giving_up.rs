use std::time::{Duration, Instant};

use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, Disconnect, End, RetryLimit},
};

use crate::support::{SECOND, connecting, epoch, fail, next_request, open, opened, stopped, wait};

#[test]
fn retries_are_counted_until_a_stream_was_stable() {
    for (open_for, is_counted) in [(SECOND, true), (5 * SECOND, false)] {
        let (mut client, mut now) =
            (connecting(ClientConfig::default().with_max_retries(3)), epoch());
        for _ in 0..3 {
            open(&mut client, now);
            now = end(&mut client, now + open_for);
        }
        open(&mut client, now);
        now += open_for;
        client.handle_end(End::Clean, now);

        if is_counted {
            let because = stopped(&mut client, now);
            let ended = Box::new(Disconnect::Ended);
            let limit = RetryLimit::Retries(3);
            assert_eq!(because, Disconnect::GaveUp { limit, because: ended });
            assert_eq!(because.to_string(), "the stream ended; given up after 3 retries");
        } else {
            wait(&mut client, now);
        }
    }
}

#[test]
fn outage_is_counted_from_the_first_failure_and_ends_before_a_wait_that_is_too_long() {
    let limit = 60 * SECOND;
    let config = ClientConfig::default().with_max_outage(limit);
    let (mut client, start) = (connecting(config), epoch() + 100 * SECOND);
    let mut now = start;
    let because = loop {
        fail(&mut client, now);
        assert!(now < start + limit, "it goes on");
        match client.poll_output(now) {
            ClientOutput::Stop(because) => break because,
            _ => now = waited(&mut client, now),
        }
    };

    let unreachable = Box::new(Disconnect::Unreachable);
    let limit = RetryLimit::Outage(limit);
    assert_eq!(because, Disconnect::GaveUp { limit, because: unreachable });
    assert!(start + 10 * SECOND < now);
}

#[test]
fn wait_that_would_pass_the_total_time_is_not_begun() {
    let config = ClientConfig::default().with_max_time(2 * SECOND);
    let (mut client, now) = (opened(config), epoch());

    client.handle_end(End::Clean, now);

    let limit = RetryLimit::Time(2 * SECOND);
    let because = Box::new(Disconnect::Ended);
    assert_eq!(stopped(&mut client, now), Disconnect::GaveUp { limit, because });
}

#[test]
fn server_that_asks_for_more_than_a_day_is_not_waited_for() {
    for (retry, millis) in [
        ("86400001", 86_400_001),
        ("18446744073709551616", u64::MAX),
        ("9999999999", 9_999_999_999),
    ] {
        for config in [ClientConfig::default(), ClientConfig::default().with_persistence(true)] {
            for end in [End::Clean, End::Cut] {
                let (mut client, now) = (opened(config.clone()), epoch());
                client.handle_input(format!("retry: {retry}\n\n").into(), now);
                assert!(matches!(client.poll_output(now), ClientOutput::Retry(_)));

                client.handle_end(end, now);

                let because = stopped(&mut client, now);
                let wanted = RetryLimit::Wait(Duration::from_millis(millis));
                assert!(
                    matches!(&because, Disconnect::GaveUp { limit, .. } if *limit == wanted),
                    "{retry}: {because}"
                );
            }
        }
    }
}

#[test]
fn caller_may_wait_for_more_than_a_day() {
    let day = 86_400 * SECOND;
    let config = ClientConfig::default().with_reconnection_time(2 * day);
    let (mut client, now) = (opened(config), epoch());

    client.handle_end(End::Clean, now);

    assert!(2 * day <= wait(&mut client, now));
}

#[test]
fn events_that_have_arrived_are_not_handed_out_after_the_total_time() {
    let limit = 2 * SECOND;
    let (mut client, now) = (opened(ClientConfig::default().with_max_time(limit)), epoch());
    client.handle_input("data: 1\n\ndata: 2\n\n".into(), now);

    assert!(matches!(client.poll_output(now + SECOND), ClientOutput::Event(_)));

    assert_eq!(stopped(&mut client, now + limit), Disconnect::OutOfTime { limit });
}

#[test]
fn no_retries_are_none() {
    let (mut client, now) = (opened(ClientConfig::default().with_max_retries(0)), epoch());

    client.handle_end(End::Clean, now);

    assert!(matches!(stopped(&mut client, now), Disconnect::GaveUp { .. }));
}

fn end(client: &mut Client, now: Instant) -> Instant {
    client.handle_end(End::Clean, now);
    let now = now + wait(client, now);
    client.handle_timeout(now);
    next_request(client, now);
    now
}

fn waited(client: &mut Client, now: Instant) -> Instant {
    let ClientOutput::Wait { until } = client.poll_output(now) else {
        panic!("it waits");
    };
    assert!(Duration::ZERO < until - now);
    client.handle_timeout(until);
    next_request(client, until);
    until
}
