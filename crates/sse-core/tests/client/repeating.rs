use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, Disconnect, End, Failure},
};

use crate::support::{
    SECOND, answer, connecting_with, epoch, event_stream, next_request, request, wait,
};

#[test]
fn options_say_what_stops_and_what_is_tried_again() {
    use Happens::*;
    let default = ClientConfig::default;
    let gone = StatusCode::GONE;
    for (config, happens, is_repeated) in [
        (default(), Failure(sse_core::client::Failure::Unsent), true),
        (default(), Failure(sse_core::client::Failure::Unanswered), true),
        (default(), Answer(gone), false),
        (default(), End, true),
        (default().with_initial_retry(false), Failure(sse_core::client::Failure::Unsent), false),
        (default().with_initial_retry(false), End, true),
        (default().with_initial_retry(false), EndThenFailure, true),
        (
            default().with_initial_retry(false).with_persistence(true),
            Failure(sse_core::client::Failure::Unsent),
            true,
        ),
        (default().with_persistence(true), Answer(gone), true),
        (default().with_persistence(true), Answer(StatusCode::NO_CONTENT), false),
        (default().with_reconnection(false), End, false),
        (default().with_reconnection(false), Failure(sse_core::client::Failure::Unsent), false),
        (default().with_reconnection(false).with_persistence(true), Answer(gone), false),
        (
            default().with_reconnection(false).with_status_retry(true),
            Answer(StatusCode::SERVICE_UNAVAILABLE),
            false,
        ),
    ] {
        let shown = format!("{config:?} {happens:?}");

        assert_eq!(is_repeated_after(Method::GET, config, happens), is_repeated, "{shown}");
    }
}

#[test]
fn requests_that_are_not_idempotent_are_repeated_only_if_they_were_not_sent_or_may_be() {
    use Happens::*;
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    for (happens, by_default) in [
        (Failure(sse_core::client::Failure::Unsent), true),
        (Failure(sse_core::client::Failure::Unanswered), false),
        (RedirectThenFailure(StatusCode::SEE_OTHER), false),
        (RedirectThenFailure(StatusCode::TEMPORARY_REDIRECT), false),
        (End, false),
        (Cut, false),
        (Answer(unavailable), true),
        (Answer(StatusCode::GONE), false),
    ] {
        for (may_be, expected) in [(false, by_default), (true, true)] {
            let config = ClientConfig::default()
                .with_status_retry(true)
                .with_persistence(may_be)
                .with_repetition(may_be);

            let is_repeated = is_repeated_after(Method::POST, config, happens);

            assert_eq!(is_repeated, expected, "{happens:?}, repetition {may_be}");
        }
    }
}

#[test]
fn methods_of_the_registry_that_are_idempotent_are_repeated() {
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND", "QUERY", "REPORT", "SEARCH",
    ] {
        let parsed = Method::from_bytes(method.as_bytes()).unwrap();
        assert!(is_repeated_after(parsed, ClientConfig::default(), Happens::End), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "get", "ANYTHING"] {
        let parsed = Method::from_bytes(method.as_bytes()).unwrap();
        assert!(!is_repeated_after(parsed, ClientConfig::default(), Happens::End), "{method}");
    }
}

fn is_repeated_after(method: Method, config: ClientConfig, happens: Happens) -> bool {
    let (mut client, now) = (connecting_with(request().with_method(method), config), epoch());
    match happens {
        Happens::Failure(failure) => client.handle_failure(failure, now),
        Happens::Answer(status) => answer(&mut client, status, &HeaderMap::new(), now),
        Happens::End => end(&mut client, End::Clean),
        Happens::Cut => end(&mut client, End::Cut),
        Happens::RedirectThenFailure(status) => {
            let location = (header::LOCATION, HeaderValue::from_static("/next"));
            answer(&mut client, status, &HeaderMap::from_iter([location]), now);
            next_request(&mut client, now);
            client.handle_failure(Failure::Unsent, now);
        }
        Happens::EndThenFailure => {
            end(&mut client, End::Clean);
            let now = now + wait(&mut client, now);
            client.handle_timeout(now);
            next_request(&mut client, now);
            client.handle_failure(Failure::Unsent, now);
        }
    }
    match client.poll_output(now + SECOND) {
        ClientOutput::Reconnecting { .. } => true,
        ClientOutput::Stop(because) => {
            assert_ne!(because, Disconnect::Closed);
            false
        }
        output => panic!("{output:?}"),
    }
}

fn end(client: &mut Client, end: End) {
    answer(client, StatusCode::OK, &event_stream(), epoch());
    assert_eq!(client.poll_output(epoch()), ClientOutput::Open);
    client.handle_end(end, epoch());
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Failure(Failure),
    Answer(StatusCode),
    End,
    Cut,
    EndThenFailure,
    RedirectThenFailure(StatusCode),
}
