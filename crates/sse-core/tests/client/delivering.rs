use std::time::Duration;

use http::StatusCode;
use sse_core::{
    client::{ClientConfig, ClientOutput, Disconnect, End, ReadyState},
    wire::{DecodeError, Limits},
};

use crate::support::{
    SECOND, answer, connecting, epoch, event, event_stream, interruption, opened, stopped,
};

#[test]
fn open_is_told_once_and_before_any_event() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());

    answer(&mut client, StatusCode::OK, &event_stream(), now);
    client.handle_input("data: 1\n\n".into(), now);

    assert_eq!(client.ready_state(), ReadyState::Open);
    assert_eq!(client.poll_output(now), ClientOutput::Open);
    assert!(matches!(client.poll_output(now), ClientOutput::Event(_)));
    assert_eq!(client.poll_output(now), ClientOutput::Receive { until: None });
}

#[test]
fn what_arrived_before_the_end_is_delivered_before_it() {
    for (end, expected) in [(End::Clean, Disconnect::Ended), (End::Cut, Disconnect::Cut)] {
        let (mut client, now) = (opened(ClientConfig::default()), epoch());

        client.handle_input("data: 1\n\ndata: 2\n\ndata: cut".into(), now);
        client.handle_end(end, now);
        client.handle_input("\n\n".into(), now);

        assert_eq!(event(client.poll_output(now)), "1");
        assert_eq!(event(client.poll_output(now)), "2");
        assert_eq!(interruption(&mut client, now).1, expected);
    }
}

#[test]
fn nothing_is_delivered_once_closed() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());
    client.handle_input("data: 1\n\n".into(), now);

    client.close();
    client.close();

    for _ in 0..2 {
        assert_eq!(stopped(&mut client, now), Disconnect::Closed);
    }
    assert_eq!(client.ready_state(), ReadyState::Closed);
}

#[test]
fn client_that_is_closed_while_it_waits_connects_no_more() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());
    client.handle_end(End::Clean, now);
    interruption(&mut client, now);

    client.close();
    client.handle_timeout(now + 100 * SECOND);

    assert_eq!(stopped(&mut client, now + 100 * SECOND), Disconnect::Closed);
}

#[test]
fn stream_beyond_the_limits_stops_the_client() {
    let limits = Limits::default().with_event(10);
    let (mut client, now) = (opened(ClientConfig::default().with_limits(limits)), epoch());

    client.handle_input("data: 1\n\ndata: 12345678901\n\n".into(), now);

    assert_eq!(event(client.poll_output(now)), "1");
    let too_long = Disconnect::Decode(DecodeError::EventTooLong { limit: 10 });
    assert_eq!(stopped(&mut client, now), too_long);
}

#[test]
fn comments_are_delivered_if_wanted_and_retries_as_they_came() {
    for (comments, expected) in [(true, 2), (false, 1)] {
        let config = ClientConfig::default().with_comments(comments);
        let (mut client, now) = (opened(config), epoch());
        client.handle_input(": hi\nretry: 0\n".into(), now);

        let outputs: Vec<_> = std::iter::from_fn(|| Some(client.poll_output(now)))
            .take_while(|output| !matches!(output, ClientOutput::Receive { .. }))
            .collect();

        assert_eq!(outputs.len(), expected);
        assert_eq!(outputs[expected - 1], ClientOutput::Retry(Duration::ZERO));
    }
}

#[test]
fn events_named_open_and_error_are_events() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());

    client.handle_input("event: open\ndata: 1\n\nevent: error\ndata: 2\n\n".into(), now);

    for (name, data) in [("open", "1"), ("error", "2")] {
        let ClientOutput::Event(event) = client.poll_output(now) else {
            panic!("it is an event");
        };
        assert_eq!((event.name(), event.data()), (name, data));
    }
    assert_eq!(client.ready_state(), ReadyState::Open);
}
