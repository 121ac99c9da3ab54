use std::time::Duration;

use http::StatusCode;
use sse_core::client::{ClientConfig, ClientOutput, Disconnect, End, ReadyState};

use crate::support::{
    SECOND, answer, connecting, epoch, event, event_stream, fail, interruption, opened, stopped,
};

#[test]
fn answer_that_does_not_come_in_time_is_a_failure() {
    let limit = 10 * SECOND;
    let config = ClientConfig::default().with_response_timeout(limit);
    let (mut client, until) = (connecting(config), epoch() + limit);

    assert_eq!(client.poll_output(epoch()), ClientOutput::Receive { until: Some(until) });
    client.handle_timeout(until - Duration::from_nanos(1));
    assert_eq!(client.poll_output(until), ClientOutput::Receive { until: Some(until) });
    client.handle_timeout(until);

    assert_eq!(interruption(&mut client, until).1, Disconnect::NoAnswer { limit });
}

#[test]
fn silence_ends_a_stream_and_every_byte_ends_the_silence() {
    let limit = 10 * SECOND;
    let (mut client, start) = (opened(ClientConfig::default().with_idle_timeout(limit)), epoch());
    assert_eq!(client.poll_output(start), ClientOutput::Receive { until: Some(start + limit) });

    let mut now = start;
    for input in [":\n", "data: 1", "\n\n"] {
        now += 9 * SECOND;
        client.handle_timeout(now);
        client.handle_input(input.into(), now);
        while !matches!(client.poll_output(now), ClientOutput::Receive { .. }) {}
        assert_eq!(client.ready_state(), ReadyState::Open);
    }
    client.handle_timeout(now + limit);

    assert_eq!(interruption(&mut client, now + limit).1, Disconnect::Idle { limit });
}

#[test]
fn what_arrived_is_delivered_before_the_silence_counts() {
    let config = ClientConfig::default().with_idle_timeout(SECOND);
    let (mut client, now) = (opened(config), epoch());

    client.handle_input("data: 1\n\n".into(), now);
    client.handle_timeout(now + SECOND);

    assert_eq!(event(client.poll_output(now + SECOND)), "1");
    let because = interruption(&mut client, now + SECOND).1;
    assert_eq!(because, Disconnect::Idle { limit: SECOND });
}

#[test]
fn max_time_stops_it_whatever_it_does() {
    let limit = 10 * SECOND;
    let config = || ClientConfig::default().with_max_time(limit);
    let (start, over) = (epoch(), epoch() + limit);
    let out_of_time = Disconnect::OutOfTime { limit };

    let mut silent = opened(config());
    assert_eq!(silent.poll_output(start), ClientOutput::Receive { until: Some(over) });
    silent.handle_timeout(over - SECOND);
    assert_eq!(silent.ready_state(), ReadyState::Open);
    silent.handle_timeout(over);
    assert_eq!(stopped(&mut silent, over), out_of_time);

    let mut busy = opened(config());
    busy.handle_input("data: 1\n\n".into(), over);
    assert_eq!(stopped(&mut busy, over), out_of_time);

    let mut unanswered = connecting(config());
    answer(&mut unanswered, StatusCode::OK, &event_stream(), over);
    assert_eq!(stopped(&mut unanswered, over), out_of_time);

    let mut ended = opened(config());
    ended.handle_end(End::Clean, over);
    assert_eq!(stopped(&mut ended, over), out_of_time);

    let mut failed = connecting(config());
    fail(&mut failed, over);
    assert_eq!(stopped(&mut failed, over), out_of_time);
}
