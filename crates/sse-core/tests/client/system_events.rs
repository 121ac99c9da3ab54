//! The events by which a server speaks to the client: `sse.open`, `sse.refused` and `sse.replaced`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, Disconnect, End, Failure, ReadyState, RetryLimit},
};

use crate::support::{
    SECOND, answer, connecting, connecting_with, epoch, event_stream, interruption, next_request,
    open, opened, request, stopped,
};

#[test]
fn opening_is_kept_from_the_caller_but_its_id_and_retry_count() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());

    client.handle_input(format!("{OPEN}event: ping\ndata: hi\n\n").into(), now);

    assert_eq!(shown(&mut client), ["retry 1.234s", "id 0.abcdefgh", "ping: hi", "receive"]);
    assert_eq!(client.last_event_id(), "0.abcdefgh");
    client.handle_end(End::Clean, now);
    let (after, because) = interruption(&mut client, now);
    assert_eq!(because, Disconnect::Ended);
    assert!(Duration::from_millis(1234) <= after && after < 2 * SECOND, "{after:?}");
    client.handle_timeout(now + after);
    let request = next_request(&mut client, now + after);
    assert_eq!(request.headers()["last-event-id"], "0.abcdefgh");
}

#[test]
fn opening_is_handed_on_to_whoever_asks_wherever_it_is_cut() {
    for (system_events, expected) in [
        (false, &["retry 1.234s", "id 0.abcdefgh", "ping: hi"][..]),
        (true, &["retry 1.234s", "sse.open: {\"resume\":\"fresh\"}", "ping: hi"]),
    ] {
        let stream = format!("{OPEN}event: ping\ndata: hi\n\n");
        for cut in 0..=stream.len() {
            let config = ClientConfig::default().with_system_events(system_events);
            let (mut client, now) = (opened(config), epoch());
            let mut seen = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                client.handle_input(part.to_owned().into(), now);
                seen.extend(shown(&mut client));
            }
            seen.retain(|output| output != "receive");

            assert_eq!(seen, expected, "cut at {cut}");
        }
    }
}

#[test]
fn many_openings_in_one_piece_are_no_matter() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());
    let piece = "event: sse.open\ndata: {}\n\n".repeat(1_000_000);

    client.handle_input((piece + "data: hi\n\n").into(), now);

    assert_eq!(shown(&mut client), ["message: hi", "receive"]);
}

#[test]
fn other_names_of_the_system_and_those_like_them_are_events() {
    for name in
        ["sse.gap", "sse.end", "sse.replace", "sse.openx", "sse.ope", "sse.", "sse", "Sse.open"]
    {
        let (mut client, now) = (opened(ClientConfig::default()), epoch());

        client.handle_input(format!("event: {name}\ndata: {{}}\n\n").into(), now);

        assert_eq!(shown(&mut client), [format!("{name}: {{}}"), "receive".to_owned()]);
    }
}

#[test]
fn refusal_is_no_stream_and_is_waited_for_as_long_as_the_server_asks() {
    for head in [refusing("423"), event_stream()] {
        let is_told = head.contains_key("sse-refused");
        for (retry, least) in [
            ("retry: 5000\n", 5 * SECOND),
            ("retry: 60000\n", 60 * SECOND),
            ("retry: 0\n", SECOND / 10),
            ("", 3 * SECOND),
        ] {
            for seed in 0..20 {
                let config = ClientConfig::default().with_initial_retry(false).with_seed(seed);
                let (mut client, now) = (connecting(config), epoch());
                answer(&mut client, StatusCode::OK, &head, now);
                if !is_told {
                    assert_eq!(client.poll_output(now), ClientOutput::Open);
                }
                client.handle_input(refused(retry, 423).into(), now);

                let (after, because) = interruption(&mut client, now);

                let status = StatusCode::LOCKED;
                assert_eq!(because, Disconnect::Refused { status }, "{retry:?}");
                assert_eq!(because.to_string(), "the server refused for now: 423 Locked");
                assert!(least <= after && after <= least + least / 4, "{retry:?}: {after:?}");
                assert_eq!(client.ready_state(), ReadyState::Connecting);
            }
        }
    }
}

#[test]
fn refusal_needs_neither_its_end_nor_its_block_where_the_head_says_it() {
    for (input, end) in [
        ("retry: 5000\n", Some(End::Clean)),
        ("retry: 5000\nevent: sse.refused\nda", Some(End::Cut)),
        ("retry: 5000\nevent: sse.refused\ndata: {}\n\n", Some(End::Clean)),
        ("event: sse.refused\nretry: 5000\ndata: {\"status\":503}\n\n", None),
    ] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());
        answer(&mut client, StatusCode::OK, &refusing("503"), now);

        client.handle_input(input.into(), now);
        end.into_iter().for_each(|end| client.handle_end(end, now));

        let outputs = shown(&mut client);
        assert!(!outputs.contains(&"open".to_owned()), "{input:?}: {outputs:?}");
        let refused = "again: the server refused for now: 503 Service Unavailable";
        assert!(outputs.contains(&refused.to_owned()), "{input:?}: {outputs:?}");
    }
}

#[test]
fn refusal_that_does_not_end_is_over_with_the_time_for_an_answer() {
    let config = ClientConfig::default().with_response_timeout(10 * SECOND);
    let (mut client, now) = (connecting(config), epoch());
    answer(&mut client, StatusCode::OK, &refusing("429"), now);
    assert_eq!(client.poll_output(now), ClientOutput::Receive { until: Some(now + 10 * SECOND) });

    client.handle_timeout(now + 9 * SECOND);
    assert_eq!(shown(&mut client), ["receive"]);
    client.handle_timeout(now + 10 * SECOND);

    let status = StatusCode::TOO_MANY_REQUESTS;
    let because = interruption(&mut client, now + 10 * SECOND).1;
    assert_eq!(because, Disconnect::Refused { status });
}

#[test]
fn refusal_is_handed_on_to_whoever_asks_and_then_waited_for() {
    for head in [refusing("423"), event_stream()] {
        let config = ClientConfig::default().with_system_events(true);
        let (mut client, now) = (connecting(config), epoch());
        answer(&mut client, StatusCode::OK, &head, now);

        client.handle_input(refused("retry: 5000\n", 423).into(), now);

        let outputs = shown(&mut client);
        let position = |text: &str| outputs.iter().position(|output| output == text);
        let event = position("sse.refused: {\"status\":423}");
        let again = position("again: the server refused for now: 423 Locked");
        assert!(event.is_some() && event < again, "{outputs:?}");
    }
}

#[test]
fn client_that_does_not_connect_again_ends_with_the_status() {
    for head in [refusing("503"), event_stream()] {
        let config = ClientConfig::default().with_reconnection(false).with_persistence(true);
        let (mut client, now) = (connecting(config), epoch());
        answer(&mut client, StatusCode::OK, &head, now);

        client.handle_input(refused("retry: 5000\n", 503).into(), now);
        client.handle_end(End::Clean, now);

        let refused = "stop: the server refused for now: 503 Service Unavailable";
        assert_eq!(shown(&mut client).last().unwrap(), refused);
    }
}

#[test]
fn refusals_count_as_retries_and_not_as_streams() {
    let config = ClientConfig::default().with_max_retries(2).with_initial_retry(false);
    let (mut client, mut now) = (connecting(config), epoch());
    for _ in 0..2 {
        answer(&mut client, StatusCode::OK, &refusing("423"), now);
        // However long it was there.
        now += 6 * SECOND;
        client.handle_input(refused("retry: 5000\n", 423).into(), now);
        now += interruption(&mut client, now).0;
        client.handle_timeout(now);
        next_request(&mut client, now);
    }
    answer(&mut client, StatusCode::OK, &refusing("423"), now);
    client.handle_end(End::Clean, now);

    let status = StatusCode::LOCKED;
    let because = Box::new(Disconnect::Refused { status });
    let limit = RetryLimit::Retries(2);
    assert_eq!(stopped(&mut client, now), Disconnect::GaveUp { limit, because });
}

#[test]
fn failure_after_a_refusal_is_one_before_the_first_stream() {
    let (mut client, mut now) =
        (connecting(ClientConfig::default().with_initial_retry(false)), epoch());
    answer(&mut client, StatusCode::OK, &refusing("423"), now);
    client.handle_input(refused("retry: 5000\n", 423).into(), now);
    now += interruption(&mut client, now).0;
    client.handle_timeout(now);
    next_request(&mut client, now);

    client.handle_failure(Failure::Unsent, now);

    assert_eq!(stopped(&mut client, now), Disconnect::Unreachable);
}

#[test]
fn stream_after_a_refusal_is_a_stream() {
    let (mut client, mut now) = (connecting(ClientConfig::default()), epoch());
    answer(&mut client, StatusCode::OK, &refusing("423"), now);
    client.handle_input(refused("retry: 5000\n", 423).into(), now);
    now += interruption(&mut client, now).0;
    client.handle_timeout(now);
    next_request(&mut client, now);

    open(&mut client, now);
    client.handle_input("data: hi\n\n".into(), now);
    client.handle_end(End::Clean, now);

    assert_eq!(client.ready_state(), ReadyState::Open);
    assert_eq!(shown(&mut client)[..2], ["message: hi", "again: the stream ended"]);
}

#[test]
fn refused_request_is_repeated_whatever_its_method() {
    let post = request().with_method(Method::POST);
    let (mut client, now) = (connecting_with(post, ClientConfig::default()), epoch());
    answer(&mut client, StatusCode::OK, &refusing("503"), now);

    client.handle_input(refused("retry: 5000\n", 503).into(), now);

    let status = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(interruption(&mut client, now).1, Disconnect::Refused { status });
}

#[test]
fn who_is_replaced_stops_and_says_so() {
    for (config, is_told) in [
        (ClientConfig::default(), false),
        (ClientConfig::default().with_system_events(true), true),
        (ClientConfig::default().with_repetition(true).with_status_retry(true), false),
        (ClientConfig::default().with_reconnection(false).with_persistence(true), false),
    ] {
        let (mut client, now) = (opened(config), epoch());

        client.handle_input(format!("data: hi\n\n{REPLACED}data: lost\n\n").into(), now);

        let mut expected = vec!["message: hi", "retry 86400s"];
        if is_told {
            expected.push("sse.replaced: {}");
        }
        expected.push("stop: another listener has taken the place of this one");
        assert_eq!(shown(&mut client), expected);
        assert_eq!(stopped(&mut client, now), Disconnect::Replaced);
    }
}

#[test]
fn who_persists_takes_the_place_back_at_the_callers_reconnection_time() {
    for seed in 0..20 {
        let config = ClientConfig::default()
            .with_persistence(true)
            .with_reconnection_time(2 * SECOND)
            .with_seed(seed);
        let (mut client, now) = (opened(config), epoch());

        client.handle_input(format!("retry: 60000\n\n{REPLACED}").into(), now);

        let (after, because) = interruption(&mut client, now);
        assert_eq!(because, Disconnect::Replaced);
        assert!(2 * SECOND <= after && after <= 6 * SECOND, "{after:?}");
    }
}

#[test]
fn refusal_for_more_than_a_day_is_not_waited_for() {
    let (mut client, now) = (opened(ClientConfig::default()), epoch());

    client.handle_input(refused("retry: 86400001\n", 503).into(), now);

    let limit = RetryLimit::Wait(Duration::from_millis(86_400_001));
    let because = Box::new(Disconnect::Refused { status: StatusCode::SERVICE_UNAVAILABLE });
    while !matches!(client.poll_output(now), ClientOutput::Stop(_)) {}
    assert_eq!(stopped(&mut client, now), Disconnect::GaveUp { limit, because });
}

#[test]
fn what_names_no_status_of_an_error_refuses_nothing() {
    for value in ["", "x", "200", "99", "1000", "4230", "-423", "4 23"] {
        let (mut client, now) = (connecting(ClientConfig::default()), epoch());
        let headers = refusing(value);

        answer(&mut client, StatusCode::OK, &headers, now);

        assert_eq!(client.poll_output(now), ClientOutput::Open, "{value:?}");
    }
    for data in
        ["{}", "423", "{\"status\":200}", "{\"status\":\"423\"}", "{\"status\":423", "{\"status\"}"]
    {
        let (mut client, now) = (opened(ClientConfig::default()), epoch());

        client.handle_input(format!("event: sse.refused\ndata: {data}\n\n").into(), now);

        assert_eq!(shown(&mut client), [format!("sse.refused: {data}"), "receive".to_owned()]);
    }
    for data in ["{ \"status\" : 423 }", "{\"why\":\"taken\",\"status\":423,\"more\":[1]}"] {
        let (mut client, now) = (opened(ClientConfig::default()), epoch());

        client.handle_input(format!("event: sse.refused\ndata: {data}\n\n").into(), now);

        assert_eq!(shown(&mut client)[0], "again: the server refused for now: 423 Locked");
    }
}

#[test]
fn real_status_is_no_refusal_to_be_waited_for() {
    let (mut client, now) = (connecting(ClientConfig::default()), epoch());

    answer(&mut client, StatusCode::LOCKED, &refusing("423"), now);

    let status = StatusCode::LOCKED;
    assert_eq!(stopped(&mut client, now), Disconnect::Status { status, retry_after: None });
}

/// What the client says until it waits, in words.
fn shown(client: &mut Client) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let output = client.poll_output(epoch());
        let (text, is_last) = match output {
            ClientOutput::Open => ("open".to_owned(), false),
            ClientOutput::Event(event) => (format!("{}: {}", event.name(), event.data()), false),
            ClientOutput::Retry(time) => (format!("retry {time:?}"), false),
            ClientOutput::LastEventId(id) => (format!("id {id}"), false),
            ClientOutput::Reconnecting { because, .. } => (format!("again: {because}"), true),
            ClientOutput::Stop(because) => (format!("stop: {because}"), true),
            ClientOutput::Receive { .. } => ("receive".to_owned(), true),
            other => panic!("{other:?}"),
        };
        seen.push(text);
        if is_last {
            return seen;
        }
    }
}

fn refused(retry: &str, status: u16) -> String {
    format!("event: sse.refused\n{retry}data: {{\"status\":{status}}}\n\n")
}

fn refusing(value: &str) -> HeaderMap {
    let mut headers = event_stream();
    headers.insert("sse-refused", HeaderValue::from_str(value).unwrap());
    headers
}

const REPLACED: &str = "event: sse.replaced\nretry: 86400000\ndata: {}\n\n";

const OPEN: &str = "event: sse.open\nretry: 1234\ndata: {\"resume\":\"fresh\"}\nid: 0.abcdefgh\n\n";
