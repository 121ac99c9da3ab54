//! The client's machine: when it connects, what it delivers, how long it waits, when it stops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use sse_core::{
    Client, ClientConfig, ClientOutput, DecodeError, Disconnect, End, Limits, ReadyState,
};

#[test]
fn first_request_has_the_headers_of_the_standard_and_no_id() {
    let mut client = Client::new(ClientConfig::default());

    let ClientOutput::Connect { headers, omits_last_event_id } = client.poll_output(epoch()) else {
        panic!("it begins with a connection");
    };

    assert_eq!(headers.len(), 2);
    assert_eq!(headers["accept"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert!(!omits_last_event_id);
    assert_eq!(client.ready_state(), ReadyState::Connecting);
}

#[test]
fn last_event_id_is_sent_as_utf8_and_left_out_where_no_header_can_carry_it() {
    for (id, sent, omitted) in [
        ("", None, false),
        ("7", Some("7".as_bytes()), false),
        ("é…", Some("é…".as_bytes()), false),
        ("a\u{1}b", None, true),
        ("a\tb", Some(b"a\tb"), false),
    ] {
        let mut client = Client::new(ClientConfig::default().with_last_event_id(id));

        let ClientOutput::Connect { headers, omits_last_event_id } = client.poll_output(epoch())
        else {
            panic!("it begins with a connection");
        };

        assert_eq!(headers.get("last-event-id").map(HeaderValue::as_bytes), sent, "{id:?}");
        assert_eq!(omits_last_event_id, omitted, "{id:?}");
    }
}

#[test]
fn content_types_are_judged_as_browsers_judge_them() {
    for case in cases("content_type") {
        let mut headers = HeaderMap::new();
        for value in case["content_type"].as_array().into_iter().flatten() {
            let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
            headers.append(header::CONTENT_TYPE, value);
        }
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        client.handle_response(StatusCode::OK, &headers, now);

        let opened = client.poll_output(now) == ClientOutput::Open;
        assert_eq!(opened, case["accept"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn statuses_are_judged_as_browsers_judge_them() {
    for case in cases("status") {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());

        client.handle_response(status, &event_stream(), now);

        let expected = match case["outcome"].as_str().unwrap() {
            "open" => ClientOutput::Open,
            _ if status == StatusCode::NO_CONTENT => ClientOutput::Stop(Disconnect::NoContent),
            _ => ClientOutput::Stop(Disconnect::Status { status }),
        };
        assert_eq!(client.poll_output(now), expected, "{case}");
    }
}

#[test]
fn open_is_told_once_and_before_any_event() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());

    client.handle_response(StatusCode::OK, &event_stream(), now);
    client.handle_input("data: 1\n\n".into());

    assert_eq!(client.ready_state(), ReadyState::Open);
    assert_eq!(client.poll_output(now), ClientOutput::Open);
    assert!(matches!(client.poll_output(now), ClientOutput::Event(_)));
    assert_eq!(client.poll_output(now), ClientOutput::Receive);
}

#[test]
fn last_event_id_survives_connections_without_one() {
    let mut client = connecting(ClientConfig::default().with_last_event_id("start"));
    let mut now = epoch();
    for (stream, id) in [
        ("data: no id\n\n", "start"),
        ("id: 1\ndata: a\n\n", "1"),
        ("data: b\n\nid: 2\ndata: never dispatched\n", "1"),
        ("", "1"),
        ("id: 3\n\n", "3"),
        ("id\ndata: reset\n\n", ""),
    ] {
        open(&mut client, now);
        client.handle_input(stream.into());
        client.handle_end(End::Clean);
        now = drain_to_connect(&mut client, now);

        assert_eq!(client.last_event_id(), id, "after {stream:?}");
    }
}

#[test]
fn what_arrived_before_the_end_is_delivered_before_it() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());
    open(&mut client, now);

    client.handle_input("data: 1\n\ndata: 2\n\ndata: cut".into());
    client.handle_end(End::Cut);

    assert_eq!(event(client.poll_output(now)), "1");
    assert_eq!(event(client.poll_output(now)), "2");
    let ClientOutput::Reconnecting { because, .. } = client.poll_output(now) else {
        panic!("the stream is over");
    };
    assert_eq!(because, Disconnect::Cut);
}

#[test]
fn nothing_is_delivered_once_closed() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());
    open(&mut client, now);
    client.handle_input("data: 1\n\n".into());

    client.close();
    client.close();

    for _ in 0..2 {
        assert_eq!(client.poll_output(now), ClientOutput::Stop(Disconnect::Closed));
    }
    assert_eq!(client.ready_state(), ReadyState::Closed);
}

#[test]
fn wait_is_never_shorter_than_the_reconnection_time_and_at_most_a_quarter_longer_after_an_end() {
    let second = Duration::from_secs(1);
    for (config, retry, least) in [
        (Duration::from_secs(3), None, 3 * second),
        (Duration::from_secs(5), Some("2000"), 2 * second),
        (Duration::from_secs(5), Some("0"), second / 10),
        (Duration::from_millis(20), None, second / 10),
        (Duration::from_secs(5), Some("18446744073709551616"), 30 * second),
        (Duration::from_secs(60), None, 60 * second),
    ] {
        for seed in 0..50 {
            let config = ClientConfig::default().with_reconnection_time(config).with_seed(seed);
            let (mut client, now) = (connecting(config), epoch());
            open(&mut client, now);
            if let Some(retry) = retry {
                client.handle_input(format!("retry: {retry}\n").into());
            }
            client.handle_end(End::Clean);

            let after = wait(&mut client, now);

            assert!(least <= after && after <= least + least / 4, "{after:?} for {least:?}");
        }
    }
}

#[test]
fn failures_in_a_row_widen_the_wait_up_to_the_cap_until_a_stream_is_open() {
    let second = Duration::from_secs(1);
    let mut widest = [Duration::ZERO; 8];
    for seed in 0..200 {
        let config = ClientConfig::default().with_reconnection_time(second).with_seed(seed);
        let (mut client, mut now) = (connecting(config), epoch());
        for widest in &mut widest {
            client.handle_failure(now);
            let after = wait(&mut client, now);
            *widest = after.max(*widest);
            now += after;
            client.handle_timeout(now);
            assert!(matches!(client.poll_output(now), ClientOutput::Connect { .. }));
        }
        open(&mut client, now);
        client.handle_end(End::Clean);
        assert!(wait(&mut client, now) <= second + second / 4);
    }
    for (n, widest) in (1..).zip(widest) {
        let range = Duration::from_secs(2_u64.pow(n)).min(30 * second);
        assert!(second + range / 2 < widest && widest <= second + range, "{n}: {widest:?}");
    }
}

#[test]
fn early_timeout_changes_nothing() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());
    client.handle_failure(now);
    let until = now + wait(&mut client, now);

    client.handle_timeout(until - Duration::from_nanos(1));
    assert_eq!(client.poll_output(now), ClientOutput::Wait { until });
    client.handle_timeout(until);

    assert!(matches!(client.poll_output(until), ClientOutput::Connect { .. }));
}

#[test]
fn options_say_what_stops_and_what_is_tried_again() {
    let default = ClientConfig::default;
    let gone = StatusCode::GONE;
    let refused = Disconnect::Status { status: gone };
    for (config, happens, stops) in [
        (default(), Happens::Failure, None),
        (default(), Happens::Answer(gone), Some(refused.clone())),
        (default(), Happens::End, None),
        (default().with_initial_retry(false), Happens::Failure, Some(Disconnect::Failed)),
        (default().with_initial_retry(false), Happens::End, None),
        (default().with_initial_retry(false), Happens::EndThenFailure, None),
        (default().with_initial_retry(false).with_persistence(true), Happens::Failure, None),
        (default().with_persistence(true), Happens::Answer(gone), None),
        (
            default().with_persistence(true),
            Happens::Answer(StatusCode::NO_CONTENT),
            Some(Disconnect::NoContent),
        ),
        (default().with_reconnection(false), Happens::End, Some(Disconnect::Ended)),
        (default().with_reconnection(false), Happens::Failure, Some(Disconnect::Failed)),
        (
            default().with_reconnection(false).with_persistence(true),
            Happens::Answer(gone),
            Some(refused),
        ),
    ] {
        let shown = format!("{config:?} {happens:?}");
        let (mut client, now) = (connecting(config), epoch());
        match happens {
            Happens::Failure => client.handle_failure(now),
            Happens::Answer(status) => client.handle_response(status, &event_stream(), now),
            Happens::End => {
                open(&mut client, now);
                client.handle_end(End::Clean);
            }
            Happens::EndThenFailure => {
                open(&mut client, now);
                client.handle_end(End::Clean);
                drain_to_connect(&mut client, now);
                client.handle_failure(now);
            }
        }

        match (client.poll_output(now), stops) {
            (ClientOutput::Reconnecting { .. }, None) => (),
            (ClientOutput::Stop(because), Some(expected)) => assert_eq!(because, expected),
            (output, _) => panic!("{output:?} for {shown}"),
        }
    }
}

#[test]
fn stream_beyond_the_limits_stops_the_client() {
    let limits = Limits::default().with_event(10);
    let (mut client, now) = (connecting(ClientConfig::default().with_limits(limits)), epoch());
    open(&mut client, now);

    client.handle_input("data: 1\n\ndata: 12345678901\n\n".into());

    assert_eq!(event(client.poll_output(now)), "1");
    let too_long = Disconnect::Decode(DecodeError::EventTooLong { limit: 10 });
    assert_eq!(client.poll_output(now), ClientOutput::Stop(too_long));
}

#[test]
fn comments_are_delivered_if_wanted_and_retries_as_they_came() {
    for (comments, expected) in [(true, 2), (false, 1)] {
        let config = ClientConfig::default().with_comments(comments);
        let (mut client, now) = (connecting(config), epoch());
        open(&mut client, now);
        client.handle_input(": hi\nretry: 0\n".into());

        let outputs: Vec<_> = std::iter::from_fn(|| Some(client.poll_output(now)))
            .take_while(|output| *output != ClientOutput::Receive)
            .collect();

        assert_eq!(outputs.len(), expected);
        assert_eq!(outputs[expected - 1], ClientOutput::Retry(Duration::ZERO));
    }
}

proptest! {
    #[test]
    fn no_order_of_calls_panics_or_spins(calls in vec((0..9_u8, 0..100_u64), 1..100)) {
        let (mut client, mut now) = (Client::new(ClientConfig::default()), epoch());
        for (call, n) in calls {
            match call {
                0 => client.handle_response(StatusCode::OK, &event_stream(), now),
                1 => client.handle_response(StatusCode::OK, &HeaderMap::new(), now),
                2 => client.handle_input("id: 1\ndata: 1\n\nretry: 18446744073709551615\n".into()),
                3 => client.handle_end(if n < 50 { End::Clean } else { End::Cut }),
                4 => client.handle_failure(now),
                5 => now += Duration::from_secs(n),
                6 => client.handle_timeout(now),
                7 if n == 0 => client.close(),
                _ => (),
            }
            let drained = (0..1_000).any(|_| matches!(
                client.poll_output(now),
                ClientOutput::Receive | ClientOutput::Wait { .. } | ClientOutput::Stop(_)
            ));
            prop_assert!(drained);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Failure,
    Answer(StatusCode),
    End,
    EndThenFailure,
}

fn connecting(config: ClientConfig) -> Client {
    let mut client = Client::new(config);
    assert!(matches!(client.poll_output(epoch()), ClientOutput::Connect { .. }));
    assert_eq!(client.poll_output(epoch()), ClientOutput::Receive);
    client
}

fn open(client: &mut Client, now: Instant) {
    client.handle_response(StatusCode::OK, &event_stream(), now);
    assert_eq!(client.poll_output(now), ClientOutput::Open);
}

/// How long the client says it will wait, once everything before is delivered.
fn wait(client: &mut Client, now: Instant) -> Duration {
    loop {
        match client.poll_output(now) {
            ClientOutput::Reconnecting { after, .. } => {
                assert_eq!(client.poll_output(now), ClientOutput::Wait { until: now + after });
                return after;
            }
            ClientOutput::Event(_) | ClientOutput::Retry(_) => (),
            other => panic!("{other:?}"),
        }
    }
}

fn drain_to_connect(client: &mut Client, now: Instant) -> Instant {
    let now = now + wait(client, now);
    client.handle_timeout(now);
    assert!(matches!(client.poll_output(now), ClientOutput::Connect { .. }));
    now
}

fn event(output: ClientOutput) -> String {
    match output {
        ClientOutput::Event(event) => event.data().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn event_stream() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))])
}

fn cases(table: &str) -> Vec<Value> {
    let mut cases: Value = serde_json::from_str(include_str!("data/http-cases.json")).unwrap();
    let cases = cases[table].take();
    let cases = cases.as_array().unwrap().clone();
    assert!(20 < cases.len(), "the table {table} is there");
    cases
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
